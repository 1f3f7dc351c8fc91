//! Property suites.
