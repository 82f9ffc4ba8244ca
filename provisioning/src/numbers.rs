/// `1234567` as `1,234,567`.
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::thousands;
    use crate::{Report, Summary};

    #[test]
    fn digits_are_grouped() {
        let text: Vec<String> = [0, 12, 999, 1_000, 1_234_567].map(thousands).into();
        assert_eq!(text, ["0", "12", "999", "1,000", "1,234,567"]);
    }

    #[test]
    fn reports_and_summaries_group_them() {
        let report =
            Report { created: 1_866, left_out: 1_000, failed: 12_000, ..Report::default() };
        let text = "1,866 created, 0 updated, 0 restored, 0 removed, 1,000 left out, 12,000 failed";
        assert_eq!(report.to_string(), text);
        let plan = Summary { create: 1_866, renamed: 1_000, ..Summary::default() };
        let text =
            "1,866 to create, 0 to update, 0 to restore, 0 to remove, 0 unchanged, 1,000 renamed";
        assert_eq!(plan.to_string(), text);
    }
}
