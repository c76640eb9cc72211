-- The migration of the table removes the bookings.
SELECT 1;
