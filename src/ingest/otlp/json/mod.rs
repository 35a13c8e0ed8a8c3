//! The JSON encoding.
//!
//! It is read straight into prost's messages, one span, log record or data point at a time, so that the mapping to the model
//! exists once and a large request never lies in memory several times over. The specification's JSON is taken, and what
//! real senders make of it: `null` for anything, empty ids, 64-bit numbers as text or as numbers, enum names, field names in
//! snake case. Unknown fields are ignored.

mod listed;
mod log;
mod message;
mod metric;
mod read;
mod scalar;
mod value;

use std::fmt;
use std::marker::PhantomData;

use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserializer, de};

pub(crate) use self::listed::Listed;
use self::message::{ResourceFields, ScopeFields};
use self::read::{Budget, Name, Seed};
use super::{IngestError, Signal};
use crate::otlp::Mapper;

/// Reads the export request of a signal. A body of nothing is an empty request.
pub(super) fn request<T: Signal>(body: &[u8], mapper: &mut Mapper<T>) -> Result<(), IngestError> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Ok(());
    }
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    Objects { level: Request(PhantomData), mapper }
        .deserialize(&mut deserializer)
        .and_then(|()| deserializer.end())
        .map_err(|error| {
            IngestError::Malformed(format!("the body is not an OTLP {} request in JSON: {error}", T::WORD))
        })
}

/// A level of a request.
trait Level<T>: Copy {
    /// What stands there.
    const WHAT: &'static str;

    /// Reads one object of this level into the mapper.
    fn object<'de, A: MapAccess<'de>>(self, map: A, mapper: &mut Mapper<T>) -> Result<(), A::Error>;
}

/// Reads what stands at a level: an object, a list of such objects, or `null`.
struct Objects<'a, T, L> {
    level: L,
    mapper: &'a mut Mapper<T>,
}

impl<'de, T, L: Level<T>> DeserializeSeed<'de> for Objects<'_, T, L> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, T, L: Level<T>> Visitor<'de> for Objects<'_, T, L> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(L::WHAT)
    }

    fn visit_unit<E: de::Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while list.next_element_seed(Objects { level: self.level, mapper: &mut *self.mapper })?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        self.level.object(map, self.mapper)
    }
}

/// The request itself.
struct Request<T>(PhantomData<T>);

/// What a resource reports.
struct OfResource<T>(PhantomData<T>);

/// What a scope reports.
struct OfScope<T>(PhantomData<T>);

/// An entry of a scope's list.
struct Entry<T>(PhantomData<T>);

/// Derived, it would ask that the signal can be copied too.
macro_rules! copy {
    ($($level:ident),*) => {$(
        impl<T> Clone for $level<T> {
            fn clone(&self) -> Self {
                *self
            }
        }
        impl<T> Copy for $level<T> {}
    )*};
}

copy!(Request, OfResource, OfScope, Entry);

impl<T: Listed> Level<T> for Request<T> {
    const WHAT: &'static str = "an object with a list of what resources report";

    fn object<'de, A: MapAccess<'de>>(self, mut map: A, mapper: &mut Mapper<T>) -> Result<(), A::Error> {
        while let Some(name) = map.next_key::<Name>()? {
            if T::BY_RESOURCE.contains(&name.as_str()) {
                map.next_value_seed(Objects { level: OfResource(PhantomData), mapper })?;
            } else {
                ignore(&mut map)?;
            }
        }
        Ok(())
    }
}

impl<T: Listed> Level<T> for OfResource<T> {
    const WHAT: &'static str = "what a resource reports";

    fn object<'de, A: MapAccess<'de>>(self, mut map: A, mapper: &mut Mapper<T>) -> Result<(), A::Error> {
        let mark = mapper.mark();
        let mut resource = None;
        while let Some(name) = map.next_key::<Name>()? {
            match name.as_str() {
                // A budget for each: of a name that comes twice the last one counts, and is read whole.
                "resource" => {
                    resource = Some(map.next_value_seed(Seed::<ResourceFields<'_>>::new(&Budget::new()))?);
                }
                name if T::BY_SCOPE.contains(&name) => {
                    map.next_value_seed(Objects { level: OfScope(PhantomData), mapper })?;
                }
                _ => ignore(&mut map)?,
            }
        }
        mapper.resource(mark, resource.unwrap_or_default());
        Ok(())
    }
}

impl<T: Listed> Level<T> for OfScope<T> {
    const WHAT: &'static str = "what a scope reports";

    fn object<'de, A: MapAccess<'de>>(self, mut map: A, mapper: &mut Mapper<T>) -> Result<(), A::Error> {
        let mark = mapper.mark();
        let mut scope = None;
        while let Some(name) = map.next_key::<Name>()? {
            match name.as_str() {
                "scope" => scope = Some(map.next_value_seed(Seed::<ScopeFields<'_>>::new(&Budget::new()))?),
                name if T::LIST.contains(&name) => {
                    map.next_value_seed(Objects { level: Entry(PhantomData), mapper })?;
                }
                _ => ignore(&mut map)?,
            }
        }
        mapper.scope(mark, scope.unwrap_or_default());
        Ok(())
    }
}

impl<T: Listed> Level<T> for Entry<T> {
    const WHAT: &'static str = T::ONE;

    fn object<'de, A: MapAccess<'de>>(self, map: A, mapper: &mut Mapper<T>) -> Result<(), A::Error> {
        T::take(map, mapper)
    }
}

/// Passes over a value, however deep it is.
fn ignore<'de, A: MapAccess<'de>>(map: &mut A) -> Result<(), A::Error> {
    map.next_value::<IgnoredAny>().map(|_| ())
}
