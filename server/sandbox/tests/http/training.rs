//! Training jobs, and endpoints that serve what they made.
