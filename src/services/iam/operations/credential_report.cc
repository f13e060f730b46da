// The credential report: a line for the root and each user, in AWS's columns.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_getting-report.html
#include <fmt/format.h>

#include <chrono>
#include <string>
#include <vector>

#include "services/iam/entities.h"
#include "services/iam/key_uses.h"
#include "services/iam/operations/operations.h"

namespace aerolith::iam {
namespace {

using metadata::Direction;

// "IAM generates a new one ... once every four hours"; until then the last one is given again.
constexpr std::chrono::hours kGoodFor{4};
constexpr std::string_view kNone = "N/A";
constexpr size_t kKeyColumns = 2;
constexpr std::string_view kHeader =
    "user,arn,user_creation_time,password_enabled,password_last_used,password_last_changed,password_next_rotation,"
    "mfa_active,access_key_1_active,access_key_1_last_rotated,access_key_1_last_used_date,"
    "access_key_1_last_used_region,access_key_1_last_used_service,access_key_2_active,access_key_2_last_rotated,"
    "access_key_2_last_used_date,access_key_2_last_used_region,access_key_2_last_used_service,cert_1_active,"
    "cert_1_last_rotated,cert_2_active,cert_2_last_rotated";

std::string time_text(Timestamp time) {
  std::string text = format_iso8601(std::chrono::floor<std::chrono::seconds>(time));
  if (text.ends_with('Z')) text.pop_back();
  return text + "+00:00";
}

std::string_view truth(bool value) { return value ? "true" : "false"; }

class Line {
 public:
  void add(std::string_view field) {
    if (!text_.empty()) text_ += ',';
    text_ += field;
  }
  void add_time(Timestamp time) { add(time_text(time)); }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

class Report {
 public:
  Report(const Call& call, metadata::ReadTransaction& txn) : call_(call), txn_(txn), account_(call.account()) {}

  Result<std::string> make() {
    // An open test account is there without anybody having made it.
    const AccountRecord record = TRY(kAccounts.get(txn_, {account_})).value_or(AccountRecord{});
    if (record.password_policy) max_age_days_ = record.password_policy->max_age_days;
    std::string report = std::string(kHeader) + "\n" + TRY(root_line(record));
    auto users = kUsers.scan(txn_, Direction::forward, account_);
    while (TRY(users.next())) report += "\n" + TRY(user_line(std::get<1>(users.key()), TRY(users.record())));
    return report;
  }

 private:
  Result<std::string> root_line(const AccountRecord& account) {
    Line line;
    line.add("<root_account>");
    line.add(root_arn(account_));
    if (account.created_at == Timestamp()) {
      line.add("N/A");
    } else {
      line.add_time(account.created_at);
    }
    line.add("not_supported");
    line.add("no_information");
    line.add("not_supported");
    line.add("not_supported");
    line.add("false");
    TRY(add_root_keys(line, account));
    TRY(add_certificates(line, Name()));
    return line.text();
  }

  Result<std::string> user_line(const Name& name, const UserRecord& user) {
    Line line;
    line.add(user.name);
    line.add(make_arn(account_, "user", user.path, user.name));
    line.add_time(user.created_at);
    const auto login = TRY(kLoginProfiles.get(txn_, {account_, name}));
    line.add(truth(login.has_value()));
    // There is no console: nobody has signed in with it.
    line.add(login ? "no_information" : kNone);
    if (login) {
      line.add_time(login->changed_at);
      line.add(max_age_days_ > 0 ? time_text(login->changed_at + std::chrono::hours(24) * max_age_days_)
                                 : std::string(kNone));
    } else {
      line.add(kNone);
      line.add(kNone);
    }
    line.add(truth(TRY(has_rows(txn_, kUserMfaDevices, account_, name))));
    TRY(add_keys(line, name));
    TRY(add_certificates(line, name));
    return line.text();
  }

  // The root's own key has no record: it is as old as the account.
  Result<> add_root_keys(Line& line, const AccountRecord& account) {
    line.add("true");
    line.add_time(account.created_at);
    add_use(line, TRY(last_use(call_, txn_, account_, std::string(kUseOfRoot))));
    return add_keys(line, Name(), 1);
  }

  static void add_use(Line& line, const std::optional<KeyUse>& use) {
    line.add(use ? time_text(use->at) : std::string(kNone));
    line.add(use ? use->region : std::string(kNone));
    line.add(use ? use->service : std::string(kNone));
  }

  // `count`: of columns that are filled already.
  Result<> add_keys(Line& line, const Name& user, size_t count = 0) {
    auto rows = kAccessKeys.scan(txn_, Direction::forward, account_, user);
    while (count < kKeyColumns && TRY(rows.next())) {
      const AccessKeyRecord key = TRY(rows.record());
      line.add(truth(key.active));
      line.add_time(key.created_at);
      add_use(line, TRY(last_use(call_, txn_, account_, std::get<2>(rows.key()))));
      ++count;
    }
    for (; count < kKeyColumns; ++count) {
      line.add("false");
      for (int i = 0; i < 4; ++i) line.add(kNone);
    }
    return {};
  }

  Result<> add_certificates(Line& line, const Name& user) {
    size_t count = 0;
    auto rows = kSigningCertificates.scan(txn_, Direction::forward, account_, user);
    while (count < kKeyColumns && TRY(rows.next())) {
      const SigningCertificateRecord certificate = TRY(rows.record());
      line.add(truth(certificate.active));
      line.add_time(certificate.uploaded_at);
      ++count;
    }
    for (; count < kKeyColumns; ++count) {
      line.add("false");
      line.add(kNone);
    }
    return {};
  }

  const Call& call_;
  metadata::ReadTransaction& txn_;
  const AccountId& account_;
  int32_t max_age_days_ = 0;
};

}  // namespace

Result<GenerateCredentialReportOutput> generate_credential_report(Call& call, const NoInput&) {
  const AccountId& account = call.account();
  auto txn = call.metadata.begin_read();
  const auto last = TRY(kCredentialReports.get(*txn, {account}));
  if (last && call.context.now - last->made_at < kGoodFor) return GenerateCredentialReportOutput{.state = "COMPLETE"};
  const CredentialReportRecord report{.made_at = call.context.now, .content = TRY(Report(call, *txn).make())};
  TRY(call.write([&](metadata::Transaction& writing) -> Result<> {
    kCredentialReports.put(writing, {account}, report);
    return {};
  }));
  return GenerateCredentialReportOutput{.state = "STARTED",
                                        .description = "No report exists. Starting a new report generation task"};
}

Result<GetCredentialReportOutput> get_credential_report(Call& call, const NoInput&) {
  const auto report = TRY(kCredentialReports.get(*call.metadata.begin_read(), {call.account()}));
  if (!report) return errors::report_not_present();
  if (call.context.now - report->made_at >= kGoodFor) return errors::report_expired();
  return GetCredentialReportOutput{
      .content = report->content, .report_format = "text/csv", .generated_time = report->made_at};
}

}  // namespace aerolith::iam
