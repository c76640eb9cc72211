ALTER TABLE sessions DROP COLUMN recent_rotations;
