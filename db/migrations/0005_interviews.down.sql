DROP TABLE score_revisions, scores, interview_events, interview_panelists, interviews, kit_versions, kits;
DROP FUNCTION refuse_published_change();
DROP DOMAIN recommendation, score_event, score_status, panel_response, interview_event, interview_status, interview_kind,
    kit_version_status;
