//! CodeCommit: repositories, branches, commits and files.
