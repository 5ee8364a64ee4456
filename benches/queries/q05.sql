-- People with a long-term illness in 2019, by illness and département. 1600-01-01 stands for no end.
SELECT substr(imb.MED_MTF_COD, 1, 3) AS cim3, ben.BEN_RES_DPT, count(DISTINCT ben.BEN_IDT_ANO) AS n
FROM IR_IMB_R imb
  JOIN IR_BEN_R ben ON ben.BEN_NIR_PSA = imb.BEN_NIR_PSA AND ben.BEN_RNG_GEM = imb.BEN_RNG_GEM
WHERE imb.IMB_ETM_NAT IN (41, 43, 45)
  AND imb.IMB_ALD_DTD <= DATE '2019-12-31'
  AND (imb.IMB_ALD_DTF >= DATE '2019-01-01' OR imb.IMB_ALD_DTF = DATE '1600-01-01' OR imb.IMB_ALD_DTF IS NULL)
  AND ben.BEN_CDI_NIR = '00'
GROUP BY substr(imb.MED_MTF_COD, 1, 3), ben.BEN_RES_DPT;
