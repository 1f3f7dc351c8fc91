//! How a run of the program ends when it does not end well.

use std::fmt;
use std::io;

use miette::{
    Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, NamedSource, SourceCode,
};
use pfnlab::{Error, TextError};
use pfnlab_check::{CaseError, CorpusError};
use pfnlab_export::ExportError;
use pfnlab_loader::HostError;

use crate::excerpt;

/// Why the program stops.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The input makes no sense.
    Input(Error),
    /// A library or a case makes no sense, in words.
    Unusable(String),
    /// The output cannot be written.
    Output(io::Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        Failure::Input(error)
    }
}

impl From<TextError> for Failure {
    fn from(error: TextError) -> Failure {
        Failure::Input(Error::Text(error))
    }
}

impl From<HostError> for Failure {
    fn from(error: HostError) -> Failure {
        Failure::Unusable(error.to_string())
    }
}

impl From<CaseError> for Failure {
    fn from(error: CaseError) -> Failure {
        Failure::Unusable(error.to_string())
    }
}

impl From<CorpusError> for Failure {
    fn from(error: CorpusError) -> Failure {
        Failure::Unusable(error.to_string())
    }
}

impl From<ExportError> for Failure {
    fn from(error: ExportError) -> Failure {
        Failure::Output(match error {
            ExportError::Write(error) => error,
            ExportError::Format(message) => io::Error::other(message),
        })
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Failure {
        Failure::Output(error)
    }
}

/// Text with a place in it, as miette wants it.
#[derive(Debug)]
struct Pointed {
    source: NamedSource<String>,
    label: LabeledSpan,
    message: String,
}

impl fmt::Display for Pointed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Pointed {}

impl Diagnostic for Pointed {
    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.source)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(std::iter::once(self.label.clone())))
    }
}

/// An error as a person reads it: the place in the file is shown where there is one. Colours and
/// drawn lines are for terminals.
pub(crate) fn render(error: &Error, terminal: bool) -> String {
    match error {
        Error::Text(error) => point(error, terminal),
        other => format!("error: {}\n", excerpt::message(&other.to_string())),
    }
}

/// `error` with the lines it is about.
pub(crate) fn point(error: &TextError, terminal: bool) -> String {
    let (line, column) = error.position();
    let message = excerpt::message(error.message());
    let title = format!("error: {}:{line}:{column}\n", error.name());
    if !excerpt::is_presentable(error) {
        return title + &excerpt::plain(error, &message);
    }
    let diagnostic = Pointed {
        source: NamedSource::new(error.name(), error.text().to_owned()),
        label: LabeledSpan::underline(error.span()),
        message,
    };
    let theme = if terminal {
        GraphicalTheme::unicode()
    } else {
        GraphicalTheme::none()
    };
    let mut text = String::new();
    GraphicalReportHandler::new_themed(theme)
        .with_width(100)
        .with_links(false)
        .render_report(&mut text, &diagnostic)
        .unwrap_or_else(|fmt::Error| text = format!("{error}\n"));
    title + &text
}
