-- Visits to general practitioners and specialists in 2019, by département of the patient. A supplement is no visit.
SELECT p.BEN_RES_DPT, p.PSE_SPE_COD, sum(p.PRS_ACT_QTE) AS visits
FROM ER_PRS_F p
WHERE p.PRS_NAT_REF IN (1111, 1112)
  AND p.CPL_MAJ_TOP < 2
  AND p.EXE_SOI_DTD BETWEEN DATE '2019-01-01' AND DATE '2019-12-31'
  AND p.FLX_DIS_DTD BETWEEN DATE '2019-02-01' AND DATE '2020-06-01'
  AND (p.DPN_QLF IS NULL OR p.DPN_QLF <> 71) AND (p.PRS_DPN_QLP IS NULL OR p.PRS_DPN_QLP <> 71)
GROUP BY p.BEN_RES_DPT, p.PSE_SPE_COD
HAVING sum(p.PRS_ACT_QTE) > 0;
