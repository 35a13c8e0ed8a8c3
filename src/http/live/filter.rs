//! Which events a reader wants.

use crate::http::extract::Params;
use crate::http::problem::Problem;
use crate::model::{EventFrame, EventKind, SessionId};

/// Lets through events of one session, of some types, or all.
#[derive(Debug, Default)]
pub(super) struct Filter {
    session: Option<SessionId>,
    types: Vec<&'static str>,
}

impl Filter {
    /// From `?session_id=` and `?types=A,B`.
    pub(super) fn of(params: &Params) -> Result<Self, Problem> {
        let session = params.one("session_id").map(SessionId::parse).transpose();
        let session = session.map_err(|error| Problem::invalid_session_id(error.0))?;
        let known = |name: &str| {
            EventKind::types()
                .iter()
                .copied()
                .find(|known| *known == name)
                .ok_or_else(Problem::unknown_event_type)
        };
        let names = params.all("types").flat_map(|names| names.split(','));
        let types =
            names.map(str::trim).filter(|name| !name.is_empty()).map(known).collect::<Result<_, _>>()?;
        Ok(Self { session, types })
    }

    /// Whether `frame` is wanted. What was missed is told to everybody: nobody knows whether it was wanted.
    pub(super) fn lets_through(&self, frame: &EventFrame) -> bool {
        let wanted = self.session.as_ref().is_none_or(|wanted| frame.session_id.as_ref() == Some(wanted))
            && (self.types.is_empty() || self.types.contains(&frame.event_type.as_ref()));
        wanted || frame.is_gap()
    }

    /// The session whose events alone are wanted.
    pub(super) fn session(&self) -> Option<&SessionId> {
        self.session.as_ref()
    }
}
