//! EventBridge: events, and the rules that send them on.
