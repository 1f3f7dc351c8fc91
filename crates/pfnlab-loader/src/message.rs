//! What goes between the two processes: a line for each call, a line for each answer.

use std::fmt;

use crate::abi::{Memory, Request};

/// A call of a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    /// `pfnlab_create`.
    Create {
        cpus: u32,
        nodes: u32,
        memory: Vec<Memory>,
    },
    /// `pfnlab_alloc`.
    Alloc(Request),
    /// `pfnlab_free`.
    Free { frame: u64, order: u32, cpu: u32 },
    /// `pfnlab_split`.
    Split { frame: u64, order: u32 },
    /// `pfnlab_bulk`.
    Bulk { request: Request, count: u64 },
    /// `pfnlab_exact`.
    Exact { request: Request, count: u32 },
    /// `pfnlab_drain`.
    Drain { cpu: u32 },
}

impl Call {
    /// The function that is called.
    pub(crate) fn function(&self) -> &'static str {
        match self {
            Call::Create { .. } => "pfnlab_create",
            Call::Alloc(_) => "pfnlab_alloc",
            Call::Free { .. } => "pfnlab_free",
            Call::Split { .. } => "pfnlab_split",
            Call::Bulk { .. } => "pfnlab_bulk",
            Call::Exact { .. } => "pfnlab_exact",
            Call::Drain { .. } => "pfnlab_drain",
        }
    }

    /// Reads a line.
    pub(crate) fn parse(line: &str) -> Option<Call> {
        let mut words = line.split_ascii_whitespace();
        let name = words.next()?;
        let numbers: Vec<u64> = words.map(|word| word.parse().ok()).collect::<Option<_>>()?;
        let small = |number: u64| u32::try_from(number).ok();
        let request = |order, flags, cpu| {
            Some(Request {
                order: small(order)?,
                flags: small(flags)?,
                cpu: small(cpu)?,
                zero: 0,
            })
        };
        Some(match (name, &numbers[..]) {
            ("create", &[cpus, nodes, ref memory @ ..]) => {
                let pieces = memory.chunks(3).map(|piece| match *piece {
                    [start, end, node] => Some(Memory {
                        start,
                        end,
                        node: small(node)?,
                        zero: 0,
                    }),
                    _ => None,
                });
                Call::Create {
                    cpus: small(cpus)?,
                    nodes: small(nodes)?,
                    memory: pieces.collect::<Option<_>>()?,
                }
            }
            ("alloc", &[order, flags, cpu]) => Call::Alloc(request(order, flags, cpu)?),
            ("free", &[frame, order, cpu]) => Call::Free {
                frame,
                order: small(order)?,
                cpu: small(cpu)?,
            },
            ("split", &[frame, order]) => Call::Split {
                frame,
                order: small(order)?,
            },
            ("bulk", &[flags, cpu, count]) => Call::Bulk {
                request: request(0, flags, cpu)?,
                count,
            },
            ("exact", &[flags, cpu, count]) => Call::Exact {
                request: request(0, flags, cpu)?,
                count: small(count)?,
            },
            ("drain", &[cpu]) => Call::Drain { cpu: small(cpu)? },
            _ => return None,
        })
    }
}

/// The line, without its end.
impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Call::Create {
                cpus,
                nodes,
                memory,
            } => {
                write!(f, "create {cpus} {nodes}")?;
                memory.iter().try_for_each(
                    |Memory {
                         start, end, node, ..
                     }| { write!(f, " {start} {end} {node}") },
                )
            }
            Call::Alloc(Request {
                order, flags, cpu, ..
            }) => write!(f, "alloc {order} {flags} {cpu}"),
            Call::Free { frame, order, cpu } => write!(f, "free {frame} {order} {cpu}"),
            Call::Split { frame, order } => write!(f, "split {frame} {order}"),
            Call::Bulk { request, count } => {
                write!(f, "bulk {} {} {count}", request.flags, request.cpu)
            }
            Call::Exact { request, count } => {
                write!(f, "exact {} {} {count}", request.flags, request.cpu)
            }
            Call::Drain { cpu } => write!(f, "drain {cpu}"),
        }
    }
}

/// The first line of a child: the library is there and offers this besides, or why it is not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Hello {
    /// It is there.
    Ready(Offers),
    /// It cannot be used.
    Refused(String),
}

/// What a library exports that need not be there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Offers {
    pub(crate) split: bool,
    pub(crate) bulk: bool,
    pub(crate) exact: bool,
    pub(crate) drain: bool,
}

impl Hello {
    /// Reads a line.
    pub(crate) fn parse(line: &str) -> Option<Hello> {
        if let Some(reason) = line.strip_prefix("refused ") {
            return Some(Hello::Refused(reason.trim_end().to_owned()));
        }
        let mut offers = Offers::default();
        for word in line.strip_prefix("ready")?.split_ascii_whitespace() {
            match word {
                "split" => offers.split = true,
                "bulk" => offers.bulk = true,
                "exact" => offers.exact = true,
                "drain" => offers.drain = true,
                _ => return None,
            }
        }
        Some(Hello::Ready(offers))
    }
}

/// The line, without its end.
impl fmt::Display for Hello {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Hello::Refused(reason) => write!(f, "refused {}", reason.replace('\n', " ")),
            Hello::Ready(offers) => {
                let Offers {
                    split,
                    bulk,
                    exact,
                    drain,
                } = *offers;
                f.write_str("ready")?;
                let words = [
                    (split, " split"),
                    (bulk, " bulk"),
                    (exact, " exact"),
                    (drain, " drain"),
                ];
                let mut words = words.iter().filter(|(offered, _)| *offered);
                words.try_for_each(|(_, word)| f.write_str(word))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let request = Request {
            order: 0,
            flags: 0xcc0,
            cpu: 3,
            zero: 0,
        };
        let piece = |start, end, node| Memory {
            start,
            end,
            node,
            zero: 0,
        };
        let calls = [
            Call::Create {
                cpus: 2,
                nodes: 2,
                memory: vec![piece(1, 158, 0), piece(256, 346, 1)],
            },
            Call::Create {
                cpus: 1,
                nodes: 1,
                memory: Vec::new(),
            },
            Call::Alloc(Request {
                order: 10,
                ..request
            }),
            Call::Free {
                frame: 1 << 31,
                order: 4,
                cpu: 1,
            },
            Call::Split {
                frame: 512,
                order: 9,
            },
            Call::Bulk { request, count: 17 },
            Call::Exact { request, count: 5 },
            Call::Drain { cpu: 7 },
        ];
        for call in calls {
            assert_eq!(Call::parse(&call.to_string()), Some(call));
        }
        let offers = Offers {
            split: true,
            drain: true,
            ..Offers::default()
        };
        let hellos = [
            Hello::Ready(offers),
            Hello::Refused("no such file".to_owned()),
        ];
        for hello in hellos {
            assert_eq!(Hello::parse(&hello.to_string()), Some(hello));
        }
    }

    #[test]
    fn what_is_no_call_is_refused() {
        let lines = [
            "",
            "alloc",
            "alloc 1 2",
            "alloc 1 2 x",
            "free 1 2 3 4",
            "create 1",
            "create 1 1 0",
            "drain 4294967296",
            "fork 1",
        ];
        for line in lines {
            assert_eq!(Call::parse(line), None, "{line}");
        }
    }
}
