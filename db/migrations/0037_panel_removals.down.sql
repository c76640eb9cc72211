DROP TRIGGER interview_panelists_removals ON interview_panelists;
DROP FUNCTION record_panel_removals(), delete_old_panel_removals(timestamptz, integer);
DROP TABLE panel_removals;
