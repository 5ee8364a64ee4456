-- Deaths within thirty days of admission, by principal diagnosis: in hospital (SOR_MOD = 9) or by the date in IR_BEN_R,
-- where 1600-01-01 stands for alive.
WITH stays AS (
  SELECT b.DGN_PAL, b.SOR_MOD, c.NIR_ANO_17, c.EXE_SOI_DTD
  FROM T_MCO18B b JOIN T_MCO18C c USING (ETA_NUM, RSA_NUM)
  WHERE b.GRG_GHM NOT LIKE '90%' AND b.ENT_MOD <> '0' AND b.SOR_MOD <> '0'
    AND c.NIR_RET = '0' AND c.NAI_RET = '0' AND c.SEX_RET = '0' AND c.SEJ_RET = '0' AND c.FHO_RET = '0'
    AND c.PMS_RET = '0' AND c.DAT_RET = '0' AND c.NIR_ANO_17 NOT IN ('xxxxxxxxxxxxxxxxx', 'XXXXXXXXXXXXXXXXD')
  UNION ALL
  SELECT b.DGN_PAL, b.SOR_MOD, c.NIR_ANO_17, c.EXE_SOI_DTD
  FROM T_MCO19B b JOIN T_MCO19C c USING (ETA_NUM, RSA_NUM)
  WHERE b.GRG_GHM NOT LIKE '90%' AND b.ENT_MOD <> '0' AND b.SOR_MOD <> '0'
    AND c.NIR_RET = '0' AND c.NAI_RET = '0' AND c.SEX_RET = '0' AND c.SEJ_RET = '0' AND c.FHO_RET = '0'
    AND c.PMS_RET = '0' AND c.DAT_RET = '0' AND c.NIR_ANO_17 NOT IN ('xxxxxxxxxxxxxxxxx', 'XXXXXXXXXXXXXXXXD')
)
SELECT substr(s.DGN_PAL, 1, 3) AS cim3, count(*) AS n,
  sum(CASE WHEN s.SOR_MOD = '9' OR (ben.BEN_DCD_DTE > DATE '1600-01-01'
    AND ben.BEN_DCD_DTE <= s.EXE_SOI_DTD + INTERVAL '30 days') THEN 1 ELSE 0 END) AS deaths
FROM stays s
  LEFT JOIN IR_BEN_R ben ON ben.BEN_NIR_PSA = s.NIR_ANO_17
GROUP BY substr(s.DGN_PAL, 1, 3);
