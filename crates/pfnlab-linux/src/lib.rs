//! Speaks Linux's own text.
