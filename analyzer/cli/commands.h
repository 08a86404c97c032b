// SPDX-License-Identifier: Apache-2.0
//
// One function for each command. They return the exit status: 0 done, 1 the input or the host says
// no (told on stderr), 2 usage.
#ifndef ANALYZER_CLI_COMMANDS_H_
#define ANALYZER_CLI_COMMANDS_H_

namespace randguard::cli {

class Arguments;

int Run(Arguments& arguments);
int Record(Arguments& arguments);
int Analyze(Arguments& arguments);
int Replay(Arguments& arguments);
int CaptureInfo(Arguments& arguments);
int Check(Arguments& arguments);
int CompilePlanCommand(Arguments& arguments);
int Doctor(Arguments& arguments);
int Schema(Arguments& arguments);
int RulesTest(Arguments& arguments);
int RulesLint(Arguments& arguments);
int RulesList(Arguments& arguments);
int RulesFields(Arguments& arguments);
int RulesExplain(Arguments& arguments);

}  // namespace randguard::cli

#endif  // ANALYZER_CLI_COMMANDS_H_
