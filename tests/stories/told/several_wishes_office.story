story Managers and owners ask two things at once
people
  Nadia is a manager with work
  Hamid is an owner

Nadia: aaj ki collection batao aur approvals dikhao
  messages: 2
  speaks: ur_Latn
Nadia: show approvals and today's figures
  messages: 2
  says: Figures of
Nadia: آج کی وصولی بتاؤ اور منظوریاں دکھاؤ
  messages: 2
  speaks: ur
Hamid: aaj ki collection batao aur approvals dikhao
  messages: 2
Hamid: show approvals and today's figures
  messages: 2
Hamid: آج کی وصولی بتاؤ اور منظوریاں دکھاؤ
  messages: 2
