select * from a join (b join c on true) on false
