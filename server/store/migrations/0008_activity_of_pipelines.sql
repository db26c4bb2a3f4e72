-- What was done to a pipeline leads to it.
ALTER TABLE activity ADD COLUMN pipeline TEXT;
