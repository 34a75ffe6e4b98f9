select * from a natural full join b cross join c
