-- The migration of the tables removes the rows.
SELECT 1;
