//! Serves a library to the process that started it: `pfnlab-host LIBRARY MEMORY_MIB`.

use std::process::ExitCode;

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    let library = arguments.next();
    let memory = arguments
        .next()
        .and_then(|word| word.to_str()?.parse().ok());
    let (Some(library), Some(memory)) = (library, memory) else {
        eprintln!("pfnlab-host LIBRARY MEMORY_MIB: for programs that use pfnlab-loader");
        return ExitCode::from(2);
    };
    match pfnlab_loader::serve(&library, memory) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
