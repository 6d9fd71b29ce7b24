#include "runtime/audit/source_lines.hpp"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <elfutils/libdwfl.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <utility>

namespace midden::inline MIDDEN_ABI::runtime {

namespace {

// Separate files are not looked for: libdw may ask a server for them, and a cycle waits.
int find_no_debuginfo(Dwfl_Module*, void**, const char*, Dwarf_Addr, const char*, const char*, GElf_Word, char**) {
  return -1;
}

constexpr Dwfl_Callbacks callbacks{
    .find_elf = dwfl_linux_proc_find_elf,
    .find_debuginfo = find_no_debuginfo,
    .section_address = nullptr,
    .debuginfo_path = nullptr,
};

std::string text_of(const char* file, Dwarf_Word line) {
  return file == nullptr ? std::string() : std::string(file) + ":" + std::to_string(line);
}

// The compilation unit of an address, which then counts from `bias`.
Dwarf_Die* unit_of(Dwfl_Module* module, Dwarf_Addr address, Dwarf_Addr& bias) {
  Dwarf_Die* const found = dwfl_module_addrdie(module, address, &bias);
  if (found != nullptr && dwarf_haspc(found, address - bias) == 1) return found;
  // Clang leaves its units out of the table that was asked, which may then answer with another compiler's.
  for (Dwarf_Die* unit = nullptr; (unit = dwfl_module_nextcu(module, unit, &bias)) != nullptr;) {
    if (dwarf_haspc(unit, address - bias) == 1) return unit;
  }
  return nullptr;
}

std::string line_in(Dwarf_Die* unit, Dwarf_Addr address) {
  Dwarf_Line* const line = dwarf_getsrc_die(unit, address);
  int number = 0;
  if (line == nullptr || dwarf_lineno(line, &number) != 0) return {};
  return text_of(dwarf_linesrc(line, nullptr, nullptr), static_cast<Dwarf_Word>(number));
}

Dwarf_Word number_of(Dwarf_Die* die, unsigned attribute) {
  Dwarf_Attribute found;
  Dwarf_Word number = 0;
  if (dwarf_attr(die, attribute, &found) != nullptr) dwarf_formudata(&found, &number);
  return number;
}

// Where a function was called that was put into its caller.
std::string call_line(Dwarf_Die* unit, Dwarf_Die* inlined) {
  Dwarf_Files* files = nullptr;
  std::size_t count = 0;
  if (dwarf_getsrcfiles(unit, &files, &count) != 0) return {};
  const Dwarf_Word file = number_of(inlined, DW_AT_call_file);
  return file < count ? text_of(dwarf_filesrc(files, file, nullptr, nullptr), number_of(inlined, DW_AT_call_line)) : "";
}

// With the namespaces and classes around it: those of its declaration.
std::string name_of(Dwarf_Die function) {
  for (const unsigned origin : {DW_AT_abstract_origin, DW_AT_specification}) {
    Dwarf_Attribute reference;
    if (dwarf_attr(&function, origin, &reference) != nullptr) dwarf_formref_die(&reference, &function);
  }
  Dwarf_Die* scopes = nullptr;
  const int count = dwarf_getscopes_die(&function, &scopes);
  const std::unique_ptr<Dwarf_Die, void (*)(void*)> held(scopes, std::free);
  std::string name;
  for (int i = 0; i < count && dwarf_tag(&scopes[i]) != DW_TAG_compile_unit; ++i) {
    const char* const part = dwarf_diename(&scopes[i]);
    name.insert(0, std::string(part == nullptr ? "(anonymous)" : part) + (name.empty() ? "" : "::"));
  }
  return name;
}

// The function that has an address, and those that were put into it there, the outermost first. Not by dwarf_getscopes,
// which does not look into namespaces.
void find_functions(Dwarf_Die* scope, Dwarf_Addr address, std::vector<Dwarf_Die>& found) {
  Dwarf_Die child;
  if (dwarf_child(scope, &child) != 0) return;
  do {
    const std::size_t before = found.size();
    switch (dwarf_tag(&child)) {
      case DW_TAG_subprogram:
      case DW_TAG_inlined_subroutine:
        if (dwarf_haspc(&child, address) != 1) continue;
        found.push_back(child);
        return find_functions(&child, address, found);
      case DW_TAG_lexical_block:
        if (dwarf_haspc(&child, address) != 1) continue;
        return find_functions(&child, address, found);
      case DW_TAG_namespace:
      case DW_TAG_class_type:
      case DW_TAG_structure_type:
        find_functions(&child, address, found);
        if (found.size() != before) return;
        continue;
      default:
        continue;
    }
  } while (dwarf_siblingof(&child, &child) == 0);
}

}  // namespace

SourceLines::SourceLines() {
  Dwfl* const session = dwfl_begin(&callbacks);
  session_ = session;
  if (session == nullptr) return;
  dwfl_linux_proc_report(session, ::getpid());
  dwfl_report_end(session, nullptr, nullptr);
}

SourceLines::~SourceLines() { dwfl_end(static_cast<Dwfl*>(session_)); }

std::vector<Position> SourceLines::of_call(const void* address) const {
  const auto inside = static_cast<Dwarf_Addr>(reinterpret_cast<std::uintptr_t>(address)) - 1;
  Dwfl_Module* const module = session_ == nullptr ? nullptr : dwfl_addrmodule(static_cast<Dwfl*>(session_), inside);
  Dwarf_Addr bias = 0;
  Dwarf_Die* const unit = module == nullptr ? nullptr : unit_of(module, inside, bias);
  if (unit == nullptr) return {};
  std::string line = line_in(unit, inside - bias);
  std::vector<Position> positions;
  std::vector<Dwarf_Die> functions;
  find_functions(unit, inside - bias, functions);
  while (!functions.empty()) {
    Dwarf_Die& function = functions.back();
    const bool inlined = dwarf_tag(&function) == DW_TAG_inlined_subroutine;
    std::string outside = inlined ? call_line(unit, &function) : std::string();
    positions.push_back({name_of(function), std::exchange(line, std::move(outside))});
    functions.pop_back();
  }
  if (positions.empty()) positions.push_back({{}, line});
  return positions;
}

}  // namespace midden::inline MIDDEN_ABI::runtime
