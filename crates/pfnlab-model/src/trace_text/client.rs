//! The lines of an allocator's clients.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::{Fields, Line, TraceError, Word};
use crate::{CacheFlags, CacheSpec, ClientOp, LruList, Op, PageExtClients, Ticket};

/// The verbs, as an error names them.
pub(super) const VERBS: &str = "kmalloc, kfree, cache-create, cache-alloc, cache-shrink, \
                                cache-destroy, get, lru-add, lru-drain, page-ext";

/// The most bytes an object may have.
const MOST_BYTES: u64 = u32::MAX as u64;

impl<'a> Line<'a> {
    /// The operation `verb` begins, if it is one of a client.
    pub(super) fn client(&mut self, verb: Word<'a>) -> Result<Option<Op>, TraceError> {
        let op = match verb.text {
            "kmalloc" => {
                let ticket = self.ticket()?;
                let fields = self.fields(&["size", "gfp", "cpu", "node"])?;
                ClientOp::Kmalloc {
                    ticket,
                    size: self.size(&fields, verb)?,
                    request: fields.request(self)?,
                }
            }
            "kfree" => ClientOp::Kfree {
                ticket: self.ticket()?,
                cpu: self.fields(&["cpu"])?.cpu(self)?,
            },
            "cache-create" => {
                let ticket = self.ticket()?;
                let fields = self.fields(&["size", "align", "flags"])?;
                let align = fields.get("align");
                let align = align.map(|word| self.number(word, 4096)).transpose()?;
                let flags = fields.get("flags");
                let words = || CacheFlags::WORDS.iter().map(|(word, _)| *word);
                let flags = flags.map(|word| match word.text.parse::<CacheFlags>() {
                    Ok(flags) => Ok(flags),
                    Err(()) => Err(self.none_of(word, "property of a cache", words())),
                });
                ClientOp::CacheCreate {
                    ticket,
                    spec: CacheSpec {
                        size: self.size(&fields, verb)?,
                        align: align.unwrap_or(0) as u32,
                        flags: flags.transpose()?.unwrap_or_default(),
                    },
                }
            }
            "cache-alloc" => {
                let ticket = self.ticket()?;
                let fields = self.fields(&["cache", "gfp", "cpu", "node"])?;
                let cache = fields.needed(self, verb, "cache")?;
                ClientOp::CacheAlloc {
                    ticket,
                    cache: Ticket(self.number(cache, u64::from(u32::MAX))?),
                    request: fields.request(self)?,
                }
            }
            "cache-shrink" => ClientOp::CacheShrink {
                cache: self.ticket()?,
                cpu: self.fields(&["cpu"])?.cpu(self)?,
            },
            "cache-destroy" => ClientOp::CacheDestroy {
                cache: self.ticket()?,
                cpu: self.fields(&["cpu"])?.cpu(self)?,
            },
            "get" => ClientOp::Get {
                ticket: self.ticket()?,
                cpu: self.fields(&["cpu"])?.cpu(self)?,
            },
            "lru-add" => {
                let ticket = self.ticket()?;
                let fields = self.fields(&["list", "cpu"])?;
                let list = fields.get("list").map(|word| {
                    let names = || LruList::ALL.into_iter().map(LruList::name);
                    LruList::by_name(word.text)
                        .ok_or_else(|| self.none_of(word, "list of pages", names()))
                });
                ClientOp::LruAdd {
                    ticket,
                    list: list.transpose()?.unwrap_or(LruList::InactiveFile),
                    cpu: fields.cpu(self)?,
                }
            }
            "lru-drain" => ClientOp::LruDrain {
                cpu: self.fields(&["cpu"])?.cpu(self)?,
            },
            "page-ext" => {
                let fields = self.fields(&["clients", "cpu"])?;
                let word = fields.needed(self, verb, "clients")?;
                let clients = word.text.parse::<PageExtClients>().map_err(|()| {
                    let words = PageExtClients::WORDS.into_iter();
                    self.none_of(word, "client of page_ext", words)
                });
                ClientOp::PageExt {
                    clients: clients?,
                    cpu: fields.cpu(self)?,
                }
            }
            _ => return Ok(None),
        };
        Ok(Some(Op::Client(op)))
    }

    fn size(&self, fields: &Fields<'a>, verb: Word<'a>) -> Result<u32, TraceError> {
        let word = fields.needed(self, verb, "size")?;
        match self.number(word, MOST_BYTES)? {
            0 => Err(self.error(word, "an object has at least one byte")),
            size => Ok(size as u32),
        }
    }

    fn none_of(
        &self,
        word: Word<'_>,
        what: &str,
        known: impl Iterator<Item = &'static str>,
    ) -> TraceError {
        let known: Vec<String> = known.map(ToOwned::to_owned).collect();
        let message = format!(
            "`{}` is no {what}: there are {}",
            word.text,
            known.join(", ")
        );
        self.error(word, &message)
    }
}
