story A manager asks the same in Urdu and is answered in Urdu
people
  Saima is a manager with work

Saima: آج کی وصولی کتنی ہوئی
  says: 1,500 روپے
  speaks: ur
Saima: کتنی شکایتیں کھلی ہوئی ہیں
  speaks: ur
Saima: خلاصہ صبح آٹھ بجے بھیجو
  says: 08:00
  speaks: ur
