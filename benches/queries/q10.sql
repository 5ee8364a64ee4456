-- Stays followed by another within thirty days, by root of the group: of those that ended at home, without sessions.
WITH s AS (
  SELECT c.NIR_ANO_17 AS id, c.EXE_SOI_DTD AS d0, c.EXE_SOI_DTF AS d1, b.SOR_MOD, b.GRG_GHM
  FROM T_MCO18B b JOIN T_MCO18C c USING (ETA_NUM, RSA_NUM)
  WHERE b.GRG_GHM NOT LIKE '90%' AND b.ENT_MOD <> '0' AND b.SOR_MOD <> '0'
    AND c.NIR_RET = '0' AND c.NAI_RET = '0' AND c.SEX_RET = '0' AND c.SEJ_RET = '0' AND c.FHO_RET = '0'
    AND c.PMS_RET = '0' AND c.DAT_RET = '0' AND c.NIR_ANO_17 NOT IN ('xxxxxxxxxxxxxxxxx', 'XXXXXXXXXXXXXXXXD') AND b.GRG_GHM NOT LIKE '28%'
  UNION ALL
  SELECT c.NIR_ANO_17 AS id, c.EXE_SOI_DTD AS d0, c.EXE_SOI_DTF AS d1, b.SOR_MOD, b.GRG_GHM
  FROM T_MCO19B b JOIN T_MCO19C c USING (ETA_NUM, RSA_NUM)
  WHERE b.GRG_GHM NOT LIKE '90%' AND b.ENT_MOD <> '0' AND b.SOR_MOD <> '0'
    AND c.NIR_RET = '0' AND c.NAI_RET = '0' AND c.SEX_RET = '0' AND c.SEJ_RET = '0' AND c.FHO_RET = '0'
    AND c.PMS_RET = '0' AND c.DAT_RET = '0' AND c.NIR_ANO_17 NOT IN ('xxxxxxxxxxxxxxxxx', 'XXXXXXXXXXXXXXXXD') AND b.GRG_GHM NOT LIKE '28%'
),
w AS (
  SELECT s.*, lead(d0) OVER (PARTITION BY id ORDER BY d0, d1) AS nxt FROM s
)
SELECT substr(GRG_GHM, 1, 5) AS racine, count(*) AS n,
  sum(CASE WHEN nxt <= d1 + INTERVAL '30 days' AND nxt > d1 THEN 1 ELSE 0 END) AS readm
FROM w
WHERE SOR_MOD = '8'
GROUP BY substr(GRG_GHM, 1, 5);
