-- Requests that are kept to be sent again. Whole in `body`, which may be large: lists are made from the columns beside it.
CREATE TABLE saved_requests (
    id          TEXT    NOT NULL PRIMARY KEY,
    version     INTEGER NOT NULL,
    changed     INTEGER NOT NULL,
    endpoint    TEXT    NOT NULL,
    name        TEXT    NOT NULL,
    description TEXT    NOT NULL,
    variables   INTEGER NOT NULL,
    body        TEXT    NOT NULL
) STRICT;
-- The order of the list; and what a request is called is unlike all others of its endpoint.
CREATE UNIQUE INDEX saved_requests_name ON saved_requests (endpoint, name);
