-- A session's calls that were not answered: one in a hundred of its calls, which would otherwise all be looked at.
CREATE INDEX calls_problem_who ON calls (who, at) WHERE class <> 'answered';
