//! The trace event format of Chrome, as `ui.perfetto.dev` reads it.

use std::io::{self, Write};

use serde_json::{Map, Value, json};

/// Writes events one after the other; [`ChromeTrace::finish`] closes the file.
///
/// Time is in microseconds. What has no clock, such as a run of operations, counts something else.
///
/// ```
/// use pfnlab_export::ChromeTrace;
/// let mut out = Vec::new();
/// let mut trace = ChromeTrace::new(&mut out)?;
/// trace.name_thread(0, "CPU 0")?;
/// trace.slice("a 1", 0, 7, 1, &[("order", "3".into())])?;
/// trace.counter("free", 8, &[("node 0 Normal", 4096)])?;
/// trace.finish()?;
/// let parsed: serde_json::Value = serde_json::from_slice(&out)?;
/// assert_eq!(parsed["traceEvents"][1]["ph"], "X");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct ChromeTrace<W> {
    out: W,
    first: bool,
}

impl<W: Write> ChromeTrace<W> {
    /// Begins a file.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn new(mut out: W) -> io::Result<ChromeTrace<W>> {
        out.write_all(b"{\"displayTimeUnit\":\"ns\",\"traceEvents\":[\n")?;
        Ok(ChromeTrace { out, first: true })
    }

    fn event(&mut self, event: &Value) -> io::Result<()> {
        if !std::mem::take(&mut self.first) {
            self.out.write_all(b",\n")?;
        }
        write!(self.out, "{event}")
    }

    /// Says what a row is called.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn name_thread(&mut self, thread: u32, name: &str) -> io::Result<()> {
        self.event(&json!({
            "ph": "M", "pid": 0, "tid": thread, "name": "thread_name", "args": { "name": name },
        }))
    }

    /// Something that takes time, on a row.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn slice(
        &mut self,
        name: &str,
        thread: u32,
        start: u64,
        length: u64,
        args: &[(&str, String)],
    ) -> io::Result<()> {
        let args = args
            .iter()
            .map(|(name, value)| ((*name).to_owned(), json!(value)));
        let args: Map<_, _> = args.collect();
        self.event(&json!({
            "ph": "X", "pid": 0, "tid": thread, "ts": start, "dur": length, "name": name,
            "args": args,
        }))
    }

    /// Something that has no length, on a row.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn instant(&mut self, name: &str, thread: u32, at: u64) -> io::Result<()> {
        self.event(&json!({
            "ph": "i", "s": "t", "pid": 0, "tid": thread, "ts": at, "name": name,
        }))
    }

    /// Numbers from a moment on, drawn as a curve each.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn counter(&mut self, name: &str, at: u64, values: &[(&str, u64)]) -> io::Result<()> {
        let values = values
            .iter()
            .map(|(name, value)| ((*name).to_owned(), json!(value)));
        let values: Map<_, _> = values.collect();
        self.event(&json!({
            "ph": "C", "pid": 0, "ts": at, "name": name, "args": values,
        }))
    }

    /// Ends the file.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn finish(mut self) -> io::Result<()> {
        self.out.write_all(b"\n]}\n")?;
        self.out.flush()
    }
}
