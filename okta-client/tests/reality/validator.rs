//! Every operation of the client, in each important form, keeps to Okta's own description of it.

use std::collections::{BTreeMap, BTreeSet};

use crate::drive::{Drive, Row};
use crate::exceptions::{EXCEPTIONS, Evidence, Exception};
use crate::proxy::{Exchange, Proxy};
use crate::spec::{self, Described, Deviation, Spec};
use crate::stand_in::{StandIn, say, shared};
use crate::{
    access, apps, assignments, directory, enrollments, factors, groups, provisioning, schemas,
    standing, users,
};

#[tokio::test(flavor = "multi_thread")]
async fn every_operation_keeps_to_the_spec() {
    let Some(prism) = StandIn::start("prism") else { return };
    let shared = shared().unwrap();
    let spec = Spec::read(&shared);
    let mut drive = Drive::through(Proxy::before(&prism.url));
    users::drive(&mut drive).await;
    groups::drive(&mut drive).await;
    apps::drive(&mut drive).await;
    assignments::drive(&mut drive).await;
    provisioning::drive(&mut drive).await;
    schemas::drive(&mut drive).await;
    directory::drive(&mut drive).await;
    access::drive(&mut drive).await;
    standing::drive(&mut drive).await;
    factors::drive(&mut drive).await;
    enrollments::drive(&mut drive).await;

    let driven = driven(&spec, &drive.rows);
    let wrong: Vec<String> = drive.rows.iter().flat_map(|row| faults(&spec, row)).collect();
    let deviations = spec::deviations(&shared);
    report(&drive.rows, &driven, &wrong);
    EXCEPTIONS.iter().for_each(|one| say(&listed(one, &deviations, &spec)));
    assert!(wrong.is_empty(), "{} faults:\n{}", wrong.len(), wrong.join("\n"));
    let driven: BTreeSet<String> = driven.into_keys().collect();
    let has = spec::of_the_client();
    let not_driven: Vec<_> = has.difference(&driven).collect();
    assert!(
        not_driven.is_empty(),
        "calls link to these, and nothing here drives them: {not_driven:?}"
    );
    let not_linked: Vec<_> = driven.difference(&has).collect();
    assert!(not_linked.is_empty(), "no call links to these: {not_linked:?}");
    assert_no_exception_is_idle(&drive.rows);
    for exception in EXCEPTIONS {
        assert_holds(exception, &deviations, &spec, &drive).await;
    }
}

/// How many requests each operation got.
fn driven(spec: &Spec, rows: &[Row]) -> BTreeMap<String, usize> {
    let mut driven = BTreeMap::new();
    for exchange in rows.iter().flat_map(|row| &row.exchanges) {
        let operation = spec.operation(&exchange.method, &exchange.path);
        *driven.entry(operation.unwrap_or("no operation").to_owned()).or_default() += 1;
    }
    driven
}

fn faults(spec: &Spec, row: &Row) -> Vec<String> {
    let mut faults = Vec::new();
    let mut expected = false;
    for exchange in &row.exchanges {
        let Exchange { method, path, status, violations } = exchange;
        let operation = spec.operation(method, path).unwrap_or_default();
        let about = format!("{}: {method} {path}: {status}", row.call);
        let (known, new): (Vec<_>, Vec<_>) =
            violations.iter().partition(|said| exception(row, operation, said).is_some());
        expected |= !known.is_empty();
        faults.extend(new.iter().map(|said| format!("{about}: {said}")));
        if known.is_empty() && matches!(status, 401 | 404 | 422) {
            faults.push(about);
        }
    }
    if row.exchanges.is_empty() {
        faults.push(format!("{}: nothing was sent", row.call));
    }
    // The validator's answers are Okta's own examples: they are to be read.
    let error = row.error.as_ref().filter(|_| !expected);
    faults.extend(error.map(|error| format!("{}: {error}", row.call)));
    faults
}

fn exception(row: &Row, operation: &str, said: &str) -> Option<&'static Exception> {
    let fits = |one: &&Exception| {
        one.calls.contains(&row.call.as_str())
            && one.operation == operation
            && said.contains(one.violation)
    };
    EXCEPTIONS.iter().find(fits)
}

fn report(rows: &[Row], driven: &BTreeMap<String, usize>, wrong: &[String]) {
    let requests: usize = driven.values().sum();
    let (calls, faults) = (rows.len(), wrong.len());
    let text = format!(
        "validator: {} operations, {calls} calls, {requests} requests; {faults} faults, {} exceptions",
        driven.len(),
        EXCEPTIONS.len()
    );
    say(&text);
}

/// An exception and what shows that it is one.
fn listed(one: &Exception, deviations: &[Deviation], spec: &Spec) -> String {
    let Exception { operation, calls, violation, evidence, why } = one;
    let evidence = match evidence {
        Evidence::Recorded(of, what) => {
            let seen = deviations.iter().find(|row| is_of(row, of, what)).map_or(0, |row| row.seen);
            format!("recorded of {of} {seen} times: {what}")
        }
        Evidence::OwnExample => {
            let Described { page, examples, .. } = spec.described(operation);
            format!("not recorded; Okta's own {} examples are refused: {page}", examples.len())
        }
    };
    let calls = calls.join(", ");
    format!("validator: except {operation} ({calls}): {violation}: {why} [{evidence}]")
}

fn is_of(row: &Deviation, operation: &str, what: &str) -> bool {
    row.what == what && row.operations.iter().any(|one| one == operation)
}

/// An exception that nothing needs hides something.
fn assert_no_exception_is_idle(rows: &[Row]) {
    let expected = EXCEPTIONS.iter().flat_map(|one| one.calls.iter().map(move |call| (one, *call)));
    for (exception, call) in expected {
        let of_call = rows.iter().filter(|row| row.call == call).flat_map(|row| &row.exchanges);
        let mut said = of_call.flat_map(|exchange| &exchange.violations);
        let violation = exception.violation;
        assert!(said.any(|said| said.contains(violation)), "{call}: nothing says {violation}");
    }
}

async fn assert_holds(one: &Exception, deviations: &[Deviation], spec: &Spec, drive: &Drive) {
    let Exception { operation, violation, evidence, .. } = one;
    match evidence {
        Evidence::Recorded(of, what) => {
            assert!(
                deviations.iter().any(|row| is_of(row, of, what)),
                "{operation}: {of} has no deviation {what}"
            );
        }
        Evidence::OwnExample => {
            let Described { method, path, examples, .. } = spec.described(operation);
            assert!(!examples.is_empty(), "{operation} has no example");
            for example in &examples {
                let said = drive.violations(&method, &path, example).await;
                assert!(said.iter().any(|said| said.contains(violation)), "{example}: {said:?}");
            }
        }
    }
}
