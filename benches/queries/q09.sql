-- What care outside hospital cost in 2019 and what was paid back, by ten years of age and region.
-- Amounts are on ER_PRS_F alone: a join to a detail table would count them twice.
SELECT CASE WHEN p.BEN_AMA_COD >= 1000 THEN 0 ELSE p.BEN_AMA_COD / 10 * 10 END AS age10, dpt.GEO_REG_COD,
  sum(p.PRS_PAI_MNT) AS depense, sum(p.BSE_REM_MNT + p.CPL_REM_MNT) AS rembourse,
  count(DISTINCT p.BEN_NIR_PSA) AS n
FROM ER_PRS_F p
  LEFT JOIN IR_DPT_V dpt ON dpt.GEO_DPT_COD = p.BEN_RES_DPT
WHERE p.EXE_SOI_DTD BETWEEN DATE '2019-01-01' AND DATE '2019-12-31'
  AND p.FLX_DIS_DTD BETWEEN DATE '2019-02-01' AND DATE '2020-06-01'
  AND (p.DPN_QLF IS NULL OR p.DPN_QLF <> 71) AND (p.PRS_DPN_QLP IS NULL OR p.PRS_DPN_QLP <> 71)
GROUP BY CASE WHEN p.BEN_AMA_COD >= 1000 THEN 0 ELSE p.BEN_AMA_COD / 10 * 10 END, dpt.GEO_REG_COD;
