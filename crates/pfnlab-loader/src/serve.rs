//! The child: lines in, calls, lines out.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};

use crate::library::Library;
use crate::limits;
use crate::message::{Call, Hello};

/// Serves a library to the process at the other end of stdin and stdout, until that closes stdin.
/// The memory limit is in MiB. What the library itself prints goes to stderr.
///
/// For the `main` of a program that a [`Host`](crate::Host) starts; it must do nothing else.
///
/// # Errors
/// When stdin or stdout fail, or a line is not understood.
pub fn serve(library: &OsStr, memory_mib: u64) -> io::Result<()> {
    let (input, mut output) = take_over()?;
    limits::apply(memory_mib);
    let mut library = match Library::load(library) {
        Ok(library) => library,
        Err(reason) => return writeln!(output, "{}", Hello::Refused(reason)),
    };
    writeln!(output, "{}", Hello::Ready(library.offers()))?;
    for line in BufReader::new(input).lines() {
        let line = line?;
        let unknown = || io::Error::new(io::ErrorKind::InvalidData, format!("no call: {line}"));
        let call = Call::parse(&line).ok_or_else(unknown)?;
        let (answer, frames) = library.call(&call).ok_or_else(unknown)?;
        let mut answer = answer.to_string();
        for frame in frames {
            answer.push_str(&format!(" {frame}"));
        }
        answer.push('\n');
        // In one piece: whoever waits for it may read to its end.
        output.write_all(answer.as_bytes())?;
    }
    Ok(())
}

/// Takes stdin and stdout from whoever else in this process might use them.
fn take_over() -> io::Result<(File, File)> {
    let input = File::from(rustix::io::dup(io::stdin())?);
    let output = File::from(rustix::io::dup(io::stdout())?);
    rustix::stdio::dup2_stdin(File::open("/dev/null")?)?;
    rustix::stdio::dup2_stdout(io::stderr())?;
    Ok((input, output))
}
