//! `pfnlab tui` in a real terminal: tmux types, and the screen is read.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use std::thread::sleep;
use std::time::Duration;

/// Keys with a name; all else is text.
const NAMED: [&str; 4] = ["End", "Enter", "Right", "Space"];

/// What is on the screen.
const SCREEN: &[&str] = &["capture-pane", "-p"];
/// Whether the program has ended, by which signal, and with which status.
const END: &[&str] = &[
    "display-message",
    "-p",
    "#{pane_dead}#{pane_dead_signal} #{pane_dead_status}",
];

/// Steps through `trace` with the program `pfnlab`, in a terminal of 150 columns and 45 rows: once for
/// every file in `screens`. Its first line says which keys are pressed, the others are what is on the
/// screen then. Returns how many there are.
///
/// # Errors
/// When tmux is not there, or a screen never shows what it should.
pub fn check(
    pfnlab: &Path,
    trace: &Path,
    screens: &Path,
) -> Result<usize, Box<dyn std::error::Error>> {
    let mut checked = 0;
    for entry in fs::read_dir(screens)? {
        let path = entry?.path();
        let file = fs::read_to_string(&path)?;
        let (keys, expected) = file.split_once('\n').unwrap_or((&file, ""));
        let program = [pfnlab.as_os_str(), "tui".as_ref(), trace.as_os_str()];
        let terminal = Terminal::new(checked, &program)?;
        terminal.wait(
            SCREEN,
            |screen| screen.contains("? help"),
            "the first screen",
        )?;
        for key in keys.trim_start_matches("keys:").split_whitespace() {
            let literally: &[&str] = if NAMED.contains(&key) { &[] } else { &["-l"] };
            terminal.tmux(&[&["send-keys"], literally, &[key]].concat())?;
        }
        let shown = |screen: &str| screen.trim_end() == expected.trim_end();
        terminal.wait(SCREEN, shown, &path.display().to_string())?;
        terminal.tmux(&["send-keys", "q"])?;
        // At times tmux sees the end, and never learns the status.
        terminal.wait(END, |end| matches!(end.trim(), "1 0" | "1"), "1 0")?;
        checked += 1;
    }
    Ok(checked)
}

/// A tmux server of its own; it ends with this value.
struct Terminal {
    socket: String,
}

impl Terminal {
    /// The one before may still be ending: each has a number.
    fn new(
        number: usize,
        program: &[&std::ffi::OsStr],
    ) -> Result<Terminal, Box<dyn std::error::Error>> {
        let terminal = Terminal {
            socket: format!("pfnlab-{}-{number}", std::process::id()),
        };
        let size = ["new-session", "-d", "-x", "150", "-y", "45"];
        terminal.tmux(&[&size[..], &["sleep 60"]].concat())?;
        // It is there still when the program has ended.
        terminal.tmux(&["set-option", "remain-on-exit", "on"])?;
        let mut respawn = terminal.command(&["respawn-pane", "-k"]);
        done(&respawn.args(program).output()?)?;
        Ok(terminal)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut tmux = Command::new("tmux");
        tmux.args(["-u", "-L", &self.socket, "-f", "/dev/null"])
            .args(arguments);
        tmux
    }

    fn tmux(&self, arguments: &[&str]) -> Result<String, Box<dyn std::error::Error>> {
        done(&self.command(arguments).output()?)
    }

    /// Looks until what there is to see is as wanted, ten seconds at most.
    fn wait(
        &self,
        look: &[&str],
        wanted: impl Fn(&str) -> bool,
        what: &str,
    ) -> Result<(), Box<dyn std::error::Error>> {
        let mut seen = String::new();
        for _ in 0..100 {
            seen = self.tmux(look)?;
            if wanted(&seen) {
                return Ok(());
            }
            sleep(Duration::from_millis(100));
        }
        Err(format!("`{what}` is not to be seen:\n{seen}").into())
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.command(&["kill-server"]).output();
    }
}

fn done(output: &Output) -> Result<String, Box<dyn std::error::Error>> {
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(format!("tmux: {}", String::from_utf8_lossy(&output.stderr)).into())
}
