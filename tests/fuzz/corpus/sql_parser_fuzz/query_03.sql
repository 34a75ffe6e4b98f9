select 1 union all select 2 except select 3 intersect select 4
