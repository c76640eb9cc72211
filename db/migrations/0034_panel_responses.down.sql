ALTER TABLE interviews DROP COLUMN responses;
