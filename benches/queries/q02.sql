-- Stays in short-stay hospitals by principal diagnosis, sex and ten years of age.
-- Without groups in error and services between hospitals, and only stays whose person is known. After 2017 no hospital group
-- sends its stays twice, so that no FINESS number is left out.
WITH stays AS (
  SELECT b.DGN_PAL, b.COD_SEX, b.AGE_ANN, c.NIR_ANO_17
  FROM T_MCO18B b JOIN T_MCO18C c USING (ETA_NUM, RSA_NUM)
  WHERE b.GRG_GHM NOT LIKE '90%' AND b.ENT_MOD <> '0' AND b.SOR_MOD <> '0'
    AND c.NIR_RET = '0' AND c.NAI_RET = '0' AND c.SEX_RET = '0' AND c.SEJ_RET = '0' AND c.FHO_RET = '0'
    AND c.PMS_RET = '0' AND c.DAT_RET = '0' AND c.NIR_ANO_17 NOT IN ('xxxxxxxxxxxxxxxxx', 'XXXXXXXXXXXXXXXXD')
  UNION ALL
  SELECT b.DGN_PAL, b.COD_SEX, b.AGE_ANN, c.NIR_ANO_17
  FROM T_MCO19B b JOIN T_MCO19C c USING (ETA_NUM, RSA_NUM)
  WHERE b.GRG_GHM NOT LIKE '90%' AND b.ENT_MOD <> '0' AND b.SOR_MOD <> '0'
    AND c.NIR_RET = '0' AND c.NAI_RET = '0' AND c.SEX_RET = '0' AND c.SEJ_RET = '0' AND c.FHO_RET = '0'
    AND c.PMS_RET = '0' AND c.DAT_RET = '0' AND c.NIR_ANO_17 NOT IN ('xxxxxxxxxxxxxxxxx', 'XXXXXXXXXXXXXXXXD')
)
SELECT substr(DGN_PAL, 1, 3) AS cim3, COD_SEX, AGE_ANN / 10 AS age10, count(*) AS stays,
  count(DISTINCT NIR_ANO_17) AS n
FROM stays
GROUP BY substr(DGN_PAL, 1, 3), COD_SEX, AGE_ANN / 10;
