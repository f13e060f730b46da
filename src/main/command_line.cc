#include "main/command_line.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <functional>
#include <limits>
#include <map>
#include <memory>

#include "main/commands_ec2.h"
#include "main/completion.h"
#include "main/quantity.h"
#include "main/version.h"

namespace aerolith::main_program {
namespace {

constexpr const char* kExamples = R"text(
Examples:
  aerolith up                          start the cloud in the background
  aws --profile aerolith s3 ls         use it: the first start writes this profile
  eval "$(aerolith env)"               or point this shell at it
  aerolith status --json               is it running, where, since when
  aerolith down                        stop it

Every setting can stand in a file, a variable or a flag: see `aerolith config` and `aerolith up --help`.
Exit codes: 0 done, 1 failed, 2 wrong command line or configuration, 3 not running.)text";

enum class Flags { common, all };

const std::map<std::string, TrustAction> kTrustActions = {
    {"install", TrustAction::install}, {"remove", TrustAction::remove}, {"status", TrustAction::status}};
const std::map<std::string, Shell> kShells = {{"bash", Shell::bash}, {"fish", Shell::fish}, {"zsh", Shell::zsh}};

// What the arguments said; owned here because CLI11 writes into it while it parses.
struct Arguments {
  std::string config;
  bool json = false;
  bool markdown = false;
  std::string patience;
  bool ends_instances = false;
  std::string shell = "bash";
  std::string folder;
  std::string trust_action = "status";
  std::string name;
  std::string account_id;
  LogsOptions logs;
  AuditOptions audit;
  TraceOptions trace;
  ImageOptions image;
  Ec2Options ec2;
  EbsOptions ebs;
  std::map<const Setting*, std::vector<std::string>> settings;
};

class CommandLine {
 public:
  explicit CommandLine(DaemonMain daemon) : daemon_(daemon) {
    app_.description("Aerolith: the AWS ecosystem on machines of your own.");
    app_.footer(kExamples);
    app_.require_subcommand(1);
    app_.set_version_flag("--version", "aerolith " + std::string(version()));
    add_running();
    add_asking();
    add_data();
    add_identity();
    add_images();
    add_instances();
    add_snapshots();
    add_helpers();
  }

  int run(int argc, char** argv) {
    try {
      app_.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
      if (const std::string problem = find_unknown_word({argv + 1, argv + argc}); !problem.empty()) {
        return report_problem(problem, kWrongUsage);
      }
      // CLI11's own codes say which kind of mistake it was; ours says that it was one.
      return app_.exit(error) == 0 ? kSuccess : kWrongUsage;
    }
    return action_();
  }

 private:
  using Command = std::function<int(const Invocation&)>;

  static std::string with_nearest(std::string_view problem, const std::string& word,
                                  const std::vector<std::string>& known, std::string_view help) {
    const std::string nearest = nearest_name(word, known);
    const std::string hint = nearest.empty() ? "" : fmt::format("; did you mean `{}`?", nearest);
    return fmt::format("{} `{}`{} (`{}` lists all)", problem, word, hint, help);
  }

  // What to say of a command or flag that doesn't exist; empty where all do. CLI11 doesn't tell which word was wrong.
  std::string find_unknown_word(const std::vector<std::string>& words) const {
    if (words.empty() || words.front().starts_with('-')) return {};
    const CLI::App* command = &app_;
    std::string path = "aerolith";
    for (const std::string& word : words) {
      const auto subcommands = command->get_subcommands({});
      if (subcommands.empty() || word.starts_with('-')) break;
      std::vector<std::string> names;
      for (const CLI::App* known : subcommands) names.push_back(known->get_name());
      const auto found = std::ranges::find(names, word);
      if (found == names.end()) return with_nearest("there is no command", word, names, path + " --help");
      command = subcommands[static_cast<size_t>(found - names.begin())];
      path += " " + word;
    }
    std::vector<std::string> flags;
    for (const CLI::Option* option : command->get_options()) {
      for (const std::string& name : option->get_lnames()) flags.push_back("--" + name);
    }
    for (const std::string& word : words) {
      if (word == "--") break;
      const std::string flag = word.substr(0, word.find('='));
      if (!flag.starts_with("--") || flag == "--" || std::ranges::find(flags, flag) != flags.end()) continue;
      return with_nearest("there is no flag", flag, flags, path + " --help");
    }
    return {};
  }

  CLI::App* add(const char* name, const char* help, Flags flags, Command command) {
    return add_below(app_, name, help, flags, std::move(command));
  }

  CLI::App* add_below(CLI::App& parent, const char* name, const char* help, Flags flags, Command command) {
    CLI::App* app = parent.add_subcommand(name, help);
    app->add_option("--config", arguments_.config, "The configuration file")->type_name("FILE");
    for (const Setting& setting : settings()) {
      if (flags == Flags::all || setting.dotted() == "data_folder") add_setting(*app, setting);
    }
    app->callback([this, command = std::move(command)] { action_ = [this, command] { return load_and(command); }; });
    return app;
  }

  void add_setting(CLI::App& app, const Setting& setting) {
    CLI::Option* option = app.add_option(setting.flag(), arguments_.settings[&setting], std::string(setting.doc))
                              ->allow_extra_args(false);
    option->group("Settings");
    switch (setting.kind) {
      case SettingKind::boolean:
        option->type_name("true|false");
        break;
      case SettingKind::choice:
        option->type_name(fmt::format("{}", fmt::join(setting.choices, "|")));
        break;
      case SettingKind::path:
        option->type_name("PATH");
        break;
      case SettingKind::size:
        option->type_name("SIZE");
        break;
      case SettingKind::duration:
        option->type_name("DURATION");
        break;
      case SettingKind::count:
        option->type_name("NUMBER");
        break;
      case SettingKind::text:
      case SettingKind::text_list:
        option->type_name("TEXT");
        break;
    }
  }

  void add_json(CLI::App* app) { app->add_flag("--json", arguments_.json, "Print JSON"); }
  void add_patience(CLI::App* app, const char* help) {
    app->add_option("--timeout", arguments_.patience, help)->type_name("DURATION");
  }
  void add_shell(CLI::App* app) {
    app->add_option("--shell", arguments_.shell, "Whose syntax")->check(CLI::IsMember({"bash", "fish", "zsh"}));
  }

  std::chrono::milliseconds patience(std::chrono::milliseconds otherwise) const {
    return arguments_.patience.empty() ? otherwise : parse_duration(arguments_.patience).value_or(otherwise);
  }

  void add_running() {
    add("serve", "Run the server in the foreground, until a signal", Flags::all,
        [this](const Invocation& invocation) { return run_serve(invocation, daemon_); });
    CLI::App* up =
        add("up", "Start the server in the background and wait until it is ready", Flags::all,
            [this](const Invocation& invocation) { return run_up(invocation, patience(std::chrono::seconds(30))); });
    add_json(up);
    add_patience(up, "How long to wait (default 30s)");
    CLI::App* down = add("down", "Stop the server; running requests finish first", Flags::common,
                         [this](const Invocation& invocation) {
                           return run_down(invocation, patience(std::chrono::seconds(60)), arguments_.ends_instances);
                         });
    add_patience(down, "How long to wait (default 60s)");
    down->add_flag("--instances", arguments_.ends_instances,
                   "End its instances too, and take its networks off this host; the next start brings them back");
  }

  void add_asking() {
    add_json(add("status", "Say whether the server runs, where, and since when (exit code 3: it doesn't)",
                 Flags::common, [](const Invocation& invocation) { return run_status(invocation); }));
    CLI::App* env =
        add("env", "Print variables for AWS clients: eval \"$(aerolith env)\"", Flags::common,
            [this](const Invocation& invocation) { return run_env(invocation, kShells.at(arguments_.shell)); });
    add_json(env);
    add_shell(env);
    CLI::App* trust = add("trust", "Put the local CA into this system's trust store, or take it out", Flags::common,
                          [this](const Invocation& invocation) {
                            return run_trust(invocation, kTrustActions.at(arguments_.trust_action));
                          });
    trust->add_option("action", arguments_.trust_action, "install, remove or status (default)")
        ->check(CLI::IsMember({"install", "remove", "status"}));
    add_json(trust);
    CLI::App* logs = add("logs", "Print the end of the server's log", Flags::common,
                         [this](const Invocation& invocation) { return run_logs(invocation, arguments_.logs); });
    logs->add_option("-n,--lines", arguments_.logs.lines, "How many lines (default 100)")
        ->type_name("NUMBER")
        ->check(CLI::Range(0, std::numeric_limits<int>::max()).description(""));
    logs->add_flag("-f,--follow", arguments_.logs.follow, "Go on as it grows");
    add_json(add("doctor", "Check what this machine has and lacks, and how to mend it", Flags::all,
                 [](const Invocation& invocation) { return run_doctor(invocation); }));
  }

  void add_data() {
    CLI::App* backup =
        add("backup", "Copy everything into an empty folder, while the server runs or not", Flags::common,
            [this](const Invocation& invocation) { return run_backup(invocation, arguments_.folder); });
    backup->add_option("folder", arguments_.folder, "Where to")->required();
    add_json(backup);
    CLI::App* restore =
        add("restore", "Make an empty data folder whole from a backup, and check every byte", Flags::common,
            [this](const Invocation& invocation) { return run_restore(invocation, arguments_.folder); });
    restore->add_option("folder", arguments_.folder, "The backup")->required();
    add_json(restore);
    add_json(add("fsck",
                 "Read everything that is stored and check it, while the server doesn't run (exit code 1: damage)",
                 Flags::common, [](const Invocation& invocation) { return run_fsck(invocation); }));
    CLI::App* config = add("config", "Print the configuration in effect, and where each value comes from", Flags::all,
                           [](const Invocation& invocation) { return run_config(invocation); });
    add_json(config);
    config->add_flag("--markdown", arguments_.markdown, "Print the documentation of all settings instead");
    config->callback([this] {
      action_ = [this] {
        if (!arguments_.markdown) return load_and([](const Invocation& invocation) { return run_config(invocation); });
        fmt::print("{}", print_config_markdown());
        return static_cast<int>(kSuccess);
      };
    });
  }

  // Commands of two words: `account create`.
  CLI::App& add_group(const char* name, const char* help) {
    CLI::App* group = app_.add_subcommand(name, help);
    group->require_subcommand(1);
    return *group;
  }

  static void add_text(CLI::App* app, const char* flag, std::string& text, const char* type, const char* help) {
    app->add_option(flag, text, help)->type_name(type);
  }

  void add_identity() {
    AuditOptions& audit = arguments_.audit;
    CLI::App* log = add("audit", "Print the audit log: who called what, and whether it was allowed", Flags::common,
                        [this](const Invocation& invocation) { return run_audit(invocation, arguments_.audit); });
    add_text(log, "--principal", audit.principal, "ARN", "Whose calls: part of an ARN, or a pattern with * and ?");
    add_text(log, "--account", audit.account, "ID", "Calls of this account's principals");
    add_text(log, "--action", audit.action, "ACTION", "Calls that needed this action: s3:GetObject, s3:Get*");
    add_text(log, "--operation", audit.operation, "NAME", "Calls of this operation: GetObject, Put*");
    add_text(log, "--service", audit.service, "NAME", "Calls of this service: s3, iam");
    add_text(log, "--resource", audit.resource, "ARN", "Calls on this resource: part of an ARN, or a pattern");
    add_text(log, "--request-id", audit.request_id, "ID", "The call that was answered with this request id");
    add_text(log, "--since", audit.since, "WHEN", "From then on: a time, or a duration ago (2h)");
    add_text(log, "--until", audit.until, "WHEN", "Until then: a time, or a duration ago");
    log->add_flag("--denied", audit.denied, "Only what was denied, or would be in enforcing mode");
    log->add_option("-n,--limit", audit.limit,
                    "The latest so many (default 100; all with --since, --until, --request-id)")
        ->type_name("NUMBER");
    log->add_flag("-f,--follow", audit.follow, "Go on as it grows");
    add_json(log);

    TraceOptions& trace = arguments_.trace;
    CLI::App& iam = add_group("iam", "Policies from what was done");
    CLI::App* tracer = add_below(
        iam, "trace", "Watch calls, and print for each principal the least policy that allows them", Flags::common,
        [this](const Invocation& invocation) { return run_iam_trace(invocation, arguments_.trace); });
    add_text(tracer, "--principal", trace.principal, "ARN", "Whose calls: part of an ARN, or a pattern with * and ?");
    add_text(tracer, "--account", trace.account, "ID", "Calls of this account's principals");
    add_text(tracer, "--for", trace.duration, "DURATION", "How long to watch (default: until Ctrl-C)");
    add_text(tracer, "--since", trace.since, "WHEN", "Look back from the audit log instead: a time, or a duration ago");
    add_text(tracer, "--until", trace.until, "WHEN", "Look back until then");
    tracer
        ->add_option("--widen", trace.widen, "Allow a whole folder past so many resources in it (default 20; 0: never)")
        ->type_name("NUMBER");
    tracer->add_flag("--include-denied", trace.include_denied, "Allow what was denied, too");
    add_json(tracer);

    CLI::App& account = add_group("account", "Make, delete and list accounts");
    CLI::App* create =
        add_below(account, "create", "Make an account, and print its root's access key, this once", Flags::common,
                  [this](const Invocation& invocation) { return run_account_create(invocation, arguments_.name); });
    create->add_option("--name", arguments_.name, "What to call it")->type_name("TEXT")->required();
    add_json(create);
    CLI::App* erase = add_below(
        account, "delete", "Delete an account that has nothing in it any more", Flags::common,
        [this](const Invocation& invocation) { return run_account_delete(invocation, arguments_.account_id); });
    erase->add_option("--account", arguments_.account_id, "Its id")->type_name("ID")->required();
    add_json(erase);
    add_json(add_below(account, "list", "List all accounts", Flags::common,
                       [](const Invocation& invocation) { return run_account_list(invocation); }));
  }

  void add_images() {
    ImageOptions& options = arguments_.image;
    CLI::App& image = add_group("image", "Machine images that every account may launch");
    CLI::App* build = add_below(
        image, "build", "Make an image of programs and packages of this host's, and register it", Flags::common,
        [this](const Invocation& invocation) { return run_image_build(invocation, arguments_.image); });
    build->add_option("image", options.name, "tiny or debian-12")
        ->required()
        ->check(CLI::IsMember({"tiny", "debian-12"}));
    add_json(build);
    CLI::App* import =
        add_below(image, "import", "Register a disk's file, raw or qcow2", Flags::common,
                  [this](const Invocation& invocation) { return run_image_import(invocation, arguments_.image); });
    import->add_option("file", options.source, "The file")->required();
    import->add_option("--name", options.name, "What to call it; a name that is there gets the new content")
        ->type_name("NAME")
        ->required();
    add_text(import, "--description", options.description, "TEXT", "What it is");
    import->add_option("--driver", options.driver, "What boots it: container or vm (default: as the host decides)")
        ->check(CLI::IsMember({"container", "vm"}));
    add_json(import);
    CLI::App* pull =
        add_below(image, "pull", "Fetch an official cloud image, check it, and register it", Flags::common,
                  [this](const Invocation& invocation) { return run_image_pull(invocation, arguments_.image); });
    pull->add_option("source", options.source, "debian-12-genericcloud, or a URL")->required();
    add_text(pull, "--sha512", options.sha512, "DIGITS", "Its checksum; a URL needs one");
    add_text(pull, "--name", options.name, "NAME", "What to call it; a URL needs one");
    add_text(pull, "--description", options.description, "TEXT", "What it is");
    pull->add_option("--driver", options.driver, "What boots it: container or vm (default: as the host decides)")
        ->check(CLI::IsMember({"container", "vm"}));
    add_json(pull);
    add_json(add_below(image, "list", "List them", Flags::common,
                       [](const Invocation& invocation) { return run_image_list(invocation); }));
  }

  void add_instances() {
    Ec2Options& options = arguments_.ec2;
    CLI::App& ec2 = add_group("ec2", "Instances of all accounts: list them, log in, read their consoles");
    add_json(add_below(ec2, "list", "List them", Flags::common,
                       [](const Invocation& invocation) { return run_ec2_list(invocation); }));
    CLI::App* ssh = add_below(ec2, "ssh", "Log in, or run a command there", Flags::common,
                              [this](const Invocation& invocation) { return run_ec2_ssh(invocation, arguments_.ec2); });
    ssh->add_option("instance", options.instance, "Its id")->required();
    ssh->add_option("command", options.command, "What to run instead of a login, after --");
    add_text(ssh, "--user", options.user, "NAME", "As whom (default: the user of the image)");
    add_text(ssh, "-i,--identity", options.key_file, "FILE",
             "The private key (default: the one of ~/.ssh that is the instance's key pair's)");
    ssh->add_flag("--private", options.is_private, "By its private address, from within its VPC; needs root");
    ssh->footer("Examples:\n  aerolith ec2 ssh i-0123456789abcdef0\n  aerolith ec2 ssh i-0123456789abcdef0 -- uptime");
    CLI::App* console =
        add_below(ec2, "console", "Print what the guest wrote to its serial console", Flags::common,
                  [this](const Invocation& invocation) { return run_ec2_console(invocation, arguments_.ec2); });
    console->add_option("instance", options.instance, "Its id")->required();
    console->add_flag("-f,--follow", options.follow, "Go on as it grows, until it is down");
  }

  void add_snapshots() {
    EbsOptions& options = arguments_.ebs;
    CLI::App& ebs = add_group("ebs", "Snapshots and volumes as disks' files: out of this cloud, and into it");
    CLI::App* out =
        add_below(ebs, "export", "Write a snapshot or a volume of any account as a disk's file", Flags::common,
                  [this](const Invocation& invocation) { return run_ebs_export(invocation, arguments_.ebs); });
    out->add_option("source", options.source, "The id of a snapshot or a volume")->required();
    add_text(out, "-o,--output", options.file, "FILE", "A new file (default: standard output)");
    out->add_option("--format", options.format, "raw (default) or qcow2")->check(CLI::IsMember({"raw", "qcow2"}));
    out->footer(
        "Examples:\n  aerolith ebs export snap-0123456789abcdef0 --format qcow2 --output disk.qcow2\n"
        "  aerolith ebs export vol-0123456789abcdef0 | ssh other 'dd of=/dev/sdb bs=1M'");
    CLI::App* in =
        add_below(ebs, "import", "Make a disk's file, raw or qcow2, a snapshot", Flags::common,
                  [this](const Invocation& invocation) { return run_ebs_import(invocation, arguments_.ebs); });
    in->add_option("file", options.file, "The file; - for standard input")->required();
    add_text(in, "--description", options.description, "TEXT", "What it is");
    add_text(in, "--account", options.account, "ID", "Whose it will be (default: the first account's)");
    add_json(in);
  }

  void add_helpers() {
    CLI::App* version = app_.add_subcommand("version", "Print the version");
    add_json(version);
    version->callback(
        [this] { action_ = [this] { return run_version(arguments_.json ? Output::json : Output::text); }; });
    CLI::App* completion = app_.add_subcommand("completion", "Print a shell's completion script");
    completion->add_option("shell", arguments_.shell, "bash, fish or zsh")
        ->required()
        ->check(CLI::IsMember({"bash", "fish", "zsh"}));
    completion->footer("Add to ~/.bashrc:\n  source <(aerolith completion bash)");
    completion->callback([this] {
      action_ = [this] {
        fmt::print("{}", write_completion(describe(app_), kShells.at(arguments_.shell)));
        return static_cast<int>(kSuccess);
      };
    });
  }

  int load_and(const Command& command) {
    if (!arguments_.patience.empty() && !parse_duration(arguments_.patience)) {
      return report_problem(fmt::format("--timeout: \"{}\" is not a duration, such as 30s", arguments_.patience),
                            kWrongUsage);
    }
    Invocation invocation;
    invocation.sources = process_sources();
    if (!arguments_.config.empty()) invocation.sources.config_flag = arguments_.config;
    for (const Setting& setting : settings()) {
      for (const std::string& text : arguments_.settings[&setting])
        invocation.sources.flags.emplace_back(&setting, text);
    }
    auto loaded = load_config(invocation.sources);
    if (!loaded.has_value()) return report_problem(loaded.error().detail, kWrongUsage);
    invocation.loaded = *std::move(loaded);
    invocation.output = arguments_.json ? Output::json : Output::text;
    return command(invocation);
  }

  static std::vector<std::string> choices_of(const std::string& name) {
    if (name == "--shell" || name == "shell") return {"bash", "fish", "zsh"};
    if (name == "image") return {"tiny", "debian-12"};
    if (name == "--format") return {"raw", "qcow2"};
    if (name == "--driver") return {"container", "vm"};
    if (name == "action") return {"install", "remove", "status"};
    for (const Setting& setting : settings()) {
      if (setting.flag() != name) continue;
      if (setting.kind == SettingKind::boolean) return {"true", "false"};
      return {setting.choices.begin(), setting.choices.end()};
    }
    return {};
  }

  // Of a command of two words the second one is an argument, and any second word's options may follow.
  static void merge(CommandDescription& group, CommandDescription second) {
    group.arguments.push_back(std::move(second.name));
    for (OptionDescription& option : second.options) {
      if (std::ranges::find(group.options, option.names, &OptionDescription::names) == group.options.end()) {
        group.options.push_back(std::move(option));
      }
    }
  }

  static CommandDescription describe(const CLI::App& app) {
    CommandDescription command{app.get_name(), app.get_description(), {}, {}, {}};
    for (const CLI::Option* option : app.get_options()) {
      if (option->get_positional()) {
        command.arguments = choices_of(option->get_name());
        continue;
      }
      OptionDescription described;
      for (const std::string& name : option->get_lnames()) described.names.push_back("--" + name);
      for (const std::string& name : option->get_snames()) described.names.push_back("-" + name);
      described.help = option->get_description();
      described.takes_value = option->get_items_expected_max() > 0;
      described.choices = choices_of(described.names.front());
      command.options.push_back(std::move(described));
    }
    for (const CLI::App* subcommand : app.get_subcommands({})) {
      CommandDescription inner = describe(*subcommand);
      if (app.get_parent() == nullptr) {
        command.commands.push_back(std::move(inner));
      } else {
        merge(command, std::move(inner));
      }
    }
    return command;
  }

  DaemonMain daemon_;
  CLI::App app_{"", "aerolith"};
  Arguments arguments_;
  std::function<int()> action_;
};

}  // namespace

int run_command_line(int argc, char** argv, DaemonMain daemon) {
  try {
    return CommandLine(daemon).run(argc, argv);
  } catch (const std::exception& error) {
    return report_problem(fmt::format("this is a bug: {}", error.what()));
  }
}

}  // namespace aerolith::main_program
