-- New users of statins (ATC C10AA) after a year without, by month, and how many came back within ninety days.
WITH d AS (
  SELECT DISTINCT p.BEN_NIR_PSA AS id, p.EXE_SOI_DTD AS dt
  FROM ER_PRS_F p
    JOIN ER_PHA_F ph
      USING (DCT_ORD_NUM, FLX_DIS_DTD, FLX_EMT_NUM, FLX_EMT_ORD, FLX_EMT_TYP, FLX_TRT_DTD,
             ORG_CLE_NUM, PRS_ORD_NUM, REM_TYP_AFF)
    JOIN IR_PHA_R r ON r.PHA_CIP_C13 = ph.PHA_PRS_C13
  WHERE r.PHA_ATC_CLA LIKE 'C10AA%' AND (p.DPN_QLF IS NULL OR p.DPN_QLF <> 71) AND (p.PRS_DPN_QLP IS NULL OR p.PRS_DPN_QLP <> 71)
),
g AS (
  SELECT id, dt, lag(dt) OVER (PARTITION BY id ORDER BY dt) AS prv, lead(dt) OVER (PARTITION BY id ORDER BY dt) AS nxt
  FROM d
)
SELECT date_trunc('month', dt) AS m, count(*) AS initiators,
  sum(CASE WHEN nxt <= dt + INTERVAL '90 days' THEN 1 ELSE 0 END) AS refilled
FROM g
WHERE prv IS NULL OR dt > prv + INTERVAL '365 days'
GROUP BY date_trunc('month', dt);
