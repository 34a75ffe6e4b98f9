select * from a join b on a.x = b.x left outer join c using (x, y)
