//! JUnit's XML: a suite a lab, a case a scenario.

use super::Item;
use crate::grade_json::Status;
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};
use std::io;

pub(super) fn junit(items: &[Item]) -> io::Result<String> {
    let mut report = Report::new("faultline");
    for of_one_lab in items.chunk_by(|one, next| one.lab == next.lab) {
        let mut suite = TestSuite::new(of_one_lab[0].lab.as_str());
        suite.add_test_cases(of_one_lab.iter().map(case));
        report.add_test_suite(suite);
    }
    report.to_string().map_err(io::Error::other)
}

fn case(item: &Item) -> TestCase {
    let mut status = match item.status {
        Status::Passed => TestCaseStatus::success(),
        Status::Failed => TestCaseStatus::non_success(NonSuccessKind::Failure),
        Status::Error => TestCaseStatus::non_success(NonSuccessKind::Error),
    };
    if !item.passed() {
        status.set_message(format!("{} of {} points", item.points, item.max_points));
        status.set_description(item.text.as_str());
    }
    let mut case = TestCase::new(item.title.as_str(), status);
    case.set_classname(format!("{}.{}", item.lab, item.part));
    case
}
