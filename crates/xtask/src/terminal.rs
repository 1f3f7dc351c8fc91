//! `pfnlab tui` in a real terminal: tmux types, and the screen is read.

use std::path::Path;
use std::process::{Command, Output};
use std::thread::sleep;
use std::time::Duration;

/// Keys with a name; all else is text.
const NAMED: [&str; 4] = ["Enter", "Home", "Left", "Right"];

/// What is typed, and what is on the screen then.
const SCRIPT: [(&[&str], &str); 12] = [
    (&[], "At the start."),
    (&["Right"], "Asked for 1 frame (order 0)"),
    (&["Right"], "2 of 5 operations done"),
    (&["Left"], "1 of 5 operations done"),
    (&["b", "0x3400", "Enter"], "stops at: 0x3400"),
    (&["c"], "stopped at 0x3400"),
    (&["Home"], "0 of 5 operations done"),
    (&["/", "comes back", "Enter"], "found `comes back`"),
    (&[":", "1", "Enter"], "next: a 2 order=7"),
    (&["i", "a 9 order=3", "Enter"], "next: a 9 order=3"),
    (&["Right"], "Asked for 8 frames (order 3)"),
    (&["?"], "what if: another operation next"),
];

/// Steps through `trace` with the program `pfnlab`, in a terminal of 150 columns.
///
/// # Errors
/// When tmux is not there, or a screen never shows what it should.
pub fn check(pfnlab: &Path, trace: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let terminal = Terminal::new(&[pfnlab.as_os_str(), "tui".as_ref(), trace.as_os_str()])?;
    for (keys, expected) in SCRIPT {
        for key in keys {
            let literally: &[&str] = if NAMED.contains(key) { &[] } else { &["-l"] };
            terminal.tmux(&[&["send-keys"], literally, &[key]].concat())?;
        }
        terminal.wait(|screen| screen.contains(expected), expected)?;
    }
    // The first one closes the help, the second one leaves.
    terminal.tmux(&["send-keys", "q", "q"])?;
    terminal.wait(
        |screen| screen.contains("Pane is dead (status 0"),
        "the end",
    )
}

/// A tmux server of its own; it ends with this value.
struct Terminal {
    socket: String,
}

impl Terminal {
    fn new(program: &[&std::ffi::OsStr]) -> Result<Terminal, Box<dyn std::error::Error>> {
        let terminal = Terminal {
            socket: format!("pfnlab-{}", std::process::id()),
        };
        let size = ["new-session", "-d", "-x", "150", "-y", "45"];
        terminal.tmux(&[&size[..], &["sleep 60"]].concat())?;
        // What it shows is there still when the program has ended.
        terminal.tmux(&["set-option", "remain-on-exit", "on"])?;
        let mut respawn = terminal.command(&["respawn-pane", "-k"]);
        done(&respawn.args(program).output()?)?;
        Ok(terminal)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut tmux = Command::new("tmux");
        tmux.args(["-L", &self.socket, "-f", "/dev/null"])
            .args(arguments);
        tmux
    }

    fn tmux(&self, arguments: &[&str]) -> Result<String, Box<dyn std::error::Error>> {
        done(&self.command(arguments).output()?)
    }

    /// Looks at the screen until it is as wanted, ten seconds at most.
    fn wait(
        &self,
        wanted: impl Fn(&str) -> bool,
        what: &str,
    ) -> Result<(), Box<dyn std::error::Error>> {
        let mut screen = String::new();
        for _ in 0..100 {
            screen = self.tmux(&["capture-pane", "-p"])?;
            if wanted(&screen) {
                return Ok(());
            }
            sleep(Duration::from_millis(100));
        }
        Err(format!("`{what}` is not on the screen:\n{screen}").into())
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
