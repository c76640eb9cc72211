-- The migration of the column removes the reasons.
SELECT 1;
