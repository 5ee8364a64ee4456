-- Length of stay by root of the group.
WITH stays AS (
  SELECT b.GRG_GHM, b.SEJ_NBJ
  FROM T_MCO18B b
  WHERE b.GRG_GHM NOT LIKE '90%' AND b.ENT_MOD <> '0' AND b.SOR_MOD <> '0' AND b.SEJ_NBJ IS NOT NULL
  UNION ALL
  SELECT b.GRG_GHM, b.SEJ_NBJ
  FROM T_MCO19B b
  WHERE b.GRG_GHM NOT LIKE '90%' AND b.ENT_MOD <> '0' AND b.SOR_MOD <> '0' AND b.SEJ_NBJ IS NOT NULL
)
SELECT substr(GRG_GHM, 1, 5) AS racine, count(*) AS n, avg(SEJ_NBJ) AS los,
  approx_percentile_cont(SEJ_NBJ, 0.5) AS med
FROM stays
GROUP BY substr(GRG_GHM, 1, 5);
