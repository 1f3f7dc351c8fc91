//! The machine of a scenario: by name, or written out.

use std::fmt;

use pfnlab_model::MachineSpec;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// The machine of a scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MachineChoice {
    /// Built in, or a file that ends in `.toml`, looked for beside the scenario.
    Named(String),
    /// Written out.
    Inline(Box<MachineSpec>),
}

impl<'de> Deserialize<'de> for MachineChoice {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<MachineChoice, D::Error> {
        deserializer.deserialize_any(Choose)
    }
}

struct Choose;

impl<'de> Visitor<'de> for Choose {
    type Value = MachineChoice;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a machine, or a table that describes one")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<MachineChoice, E> {
        Ok(MachineChoice::Named(name.to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<MachineChoice, A::Error> {
        let spec = MachineSpec::deserialize(MapAccessDeserializer::new(map))?;
        Ok(MachineChoice::Inline(Box::new(spec)))
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for MachineChoice {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Machine".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let range = serde_json::json!({
            "type": "string",
            "pattern": "\\.\\.",
            "description": "A half-open range of bytes, such as 1M..3G."
        });
        schemars::json_schema!({
            "description": "A machine: the name of one that is built in (two-node, one-node), a \
                            file that ends in .toml beside the scenario, or a description.",
            "anyOf": [
                { "type": "string" },
                {
                    "type": "object",
                    "additionalProperties": false,
                    "required": ["node"],
                    "properties": {
                        "name": { "type": "string" },
                        "section-size": {
                            "type": "string",
                            "description": "Bytes in a memory section, such as 128M."
                        },
                        "reserved": {
                            "type": "array",
                            "items": range.clone(),
                            "description": "Memory that is never given to the allocator."
                        },
                        "kernelcore": {
                            "type": "string",
                            "description": "Memory outside the movable zones: 1G or 40%, or mirror."
                        },
                        "movablecore": {
                            "type": "string",
                            "description": "Memory in the movable zones: 600M or 50%."
                        },
                        "movable-node": {
                            "type": "boolean",
                            "description": "What can be unplugged is movable."
                        },
                        "hotplug": {
                            "type": "array",
                            "items": range.clone(),
                            "description": "Memory that can be unplugged."
                        },
                        "mirrored": {
                            "type": "array",
                            "items": range.clone(),
                            "description": "Memory that is mirrored; see kernelcore = mirror."
                        },
                        "dma-bits": {
                            "type": "integer", "minimum": 12, "maximum": 64,
                            "description": "Address bits the weakest device reaches; arm64."
                        },
                        "node": {
                            "type": "array",
                            "minItems": 1,
                            "items": {
                                "type": "object",
                                "additionalProperties": false,
                                "properties": {
                                    "cpus": {
                                        "type": "array",
                                        "items": { "type": "integer", "minimum": 0 }
                                    },
                                    "ram": { "type": "array", "items": range },
                                    "distance": {
                                        "type": "array",
                                        "items": {
                                            "type": "integer", "minimum": 10, "maximum": 255
                                        }
                                    }
                                }
                            }
                        }
                    }
                }
            ]
        })
    }
}
