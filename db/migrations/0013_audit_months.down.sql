-- The down migration of the partitions removes the months.
SELECT 1;
