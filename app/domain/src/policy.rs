//! Policy documents.
