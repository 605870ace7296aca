-- The body of the statement where no inline read model stands there: the parts of its head write.
select
