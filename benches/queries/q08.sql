-- Causes of death of the people of the permit.
SELECT substr(k.DCD_CIM_COD, 1, 3) AS cim3, k.BEN_SEX_COD, count(*) AS n
FROM KI_CCI_R k
  JOIN (SELECT DISTINCT BEN_IDT_ANO FROM IR_BEN_R) i ON i.BEN_IDT_ANO = k.BEN_IDT_ANO
GROUP BY substr(k.DCD_CIM_COD, 1, 3), k.BEN_SEX_COD;
