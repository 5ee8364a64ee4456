-- People treated for diabetes in 2019 who were not in 2018: medicines on three days of the year, or the long-term illness.
WITH disp AS (
  SELECT p.BEN_NIR_PSA AS id, extract(year FROM p.EXE_SOI_DTD) AS y, count(DISTINCT p.EXE_SOI_DTD) AS nd,
    max(r.PHA_GRD_CND) AS big
  FROM ER_PRS_F p
    JOIN ER_PHA_F ph
      USING (DCT_ORD_NUM, FLX_DIS_DTD, FLX_EMT_NUM, FLX_EMT_ORD, FLX_EMT_TYP, FLX_TRT_DTD,
             ORG_CLE_NUM, PRS_ORD_NUM, REM_TYP_AFF)
    JOIN IR_PHA_R r ON r.PHA_CIP_C13 = ph.PHA_PRS_C13
  WHERE r.PHA_ATC_CLA LIKE 'A10%' AND (p.DPN_QLF IS NULL OR p.DPN_QLF <> 71) AND (p.PRS_DPN_QLP IS NULL OR p.PRS_DPN_QLP <> 71)
  GROUP BY p.BEN_NIR_PSA, extract(year FROM p.EXE_SOI_DTD)
),
treated AS (
  -- Two days are enough where a box lasts three months.
  SELECT id, y FROM disp WHERE nd >= 3 OR (nd >= 2 AND big = 'O')
),
ald AS (
  SELECT imb.BEN_NIR_PSA AS id, min(imb.IMB_ALD_DTD) AS d0
  FROM IR_IMB_R imb
  WHERE substr(imb.MED_MTF_COD, 1, 3) IN ('E10', 'E11', 'E12', 'E13', 'E14') AND imb.IMB_ETM_NAT IN (41, 43, 45)
  GROUP BY imb.BEN_NIR_PSA
)
SELECT coalesce(x.id, ald.id) AS id
FROM (SELECT id FROM treated WHERE y = 2019) x
  FULL JOIN ald ON ald.id = x.id
WHERE NOT EXISTS (SELECT 1 FROM treated d0 WHERE d0.id = x.id AND d0.y = 2018);
