//! The fields of one line, each taken once; what nobody takes is an error.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::OpProblem;

/// The fields nobody has taken yet.
pub(super) struct Fields(Map<String, Value>);

impl Fields {
    pub(super) fn parse(line: &str) -> Result<Fields, OpProblem> {
        serde_json::from_str(line)
            .map(Fields)
            .map_err(OpProblem::Json)
    }

    /// Takes a field that must be there. It may be null when `T` can be.
    pub(super) fn needed<T: DeserializeOwned>(
        &mut self,
        name: &'static str,
    ) -> Result<T, OpProblem> {
        match self.0.remove(name) {
            Some(value) => {
                serde_json::from_value(value).map_err(|error| OpProblem::Value { name, error })
            }
            None => Err(OpProblem::Missing(name)),
        }
    }

    /// Takes a field that may be left out.
    pub(super) fn optional<T: DeserializeOwned>(
        &mut self,
        name: &'static str,
    ) -> Result<Option<T>, OpProblem> {
        match self.0.contains_key(name) {
            true => self.needed(name).map(Some),
            false => Ok(None),
        }
    }

    /// Nothing may be left.
    pub(super) fn finish(&mut self) -> Result<(), OpProblem> {
        match std::mem::take(&mut self.0).into_iter().next() {
            Some((name, _)) => Err(OpProblem::Field(name)),
            None => Ok(()),
        }
    }
}
