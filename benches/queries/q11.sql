-- Polypharmacy: people of 65 and over with five, and ten, different ATC classes in a quarter.
WITH q AS (
  SELECT p.BEN_NIR_PSA AS id, date_trunc('quarter', p.EXE_SOI_DTD) AS qtr, count(DISTINCT r.PHA_ATC_CLA) AS natc
  FROM ER_PRS_F p
    JOIN ER_PHA_F ph
      USING (DCT_ORD_NUM, FLX_DIS_DTD, FLX_EMT_NUM, FLX_EMT_ORD, FLX_EMT_TYP, FLX_TRT_DTD,
             ORG_CLE_NUM, PRS_ORD_NUM, REM_TYP_AFF)
    JOIN IR_PHA_R r ON r.PHA_CIP_C13 = ph.PHA_PRS_C13
  WHERE p.BEN_AMA_COD BETWEEN 65 AND 130
    AND p.EXE_SOI_DTD BETWEEN DATE '2018-01-01' AND DATE '2019-12-31'
    AND p.FLX_DIS_DTD BETWEEN DATE '2018-02-01' AND DATE '2020-06-01'
    AND (p.DPN_QLF IS NULL OR p.DPN_QLF <> 71) AND (p.PRS_DPN_QLP IS NULL OR p.PRS_DPN_QLP <> 71)
  GROUP BY p.BEN_NIR_PSA, date_trunc('quarter', p.EXE_SOI_DTD)
)
SELECT qtr, count(*) AS n, sum(CASE WHEN natc >= 5 THEN 1 ELSE 0 END) AS poly5,
  sum(CASE WHEN natc >= 10 THEN 1 ELSE 0 END) AS poly10
FROM q
GROUP BY qtr;
