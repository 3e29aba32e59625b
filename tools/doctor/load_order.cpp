// SPDX-License-Identifier: Apache-2.0
#include "doctor/load_order.h"

#include <algorithm>
#include <filesystem>
#include <list>
#include <system_error>
#include <utility>

namespace opennvsci::tool {
namespace {

constexpr std::size_t kMostFiles = 2048;

std::string_view file_name_of(std::string_view path) {
    return path.substr(path.rfind('/') + 1);
}

std::string folder_of(const std::string& path) {
    std::error_code status;
    const auto whole = std::filesystem::absolute(path, status);
    return status ? std::string() : whole.parent_path().string();
}

// What the dynamic linker does, on paper.
class Loading {
  public:
    Loading(const ElfFile& program, const LibrarySearch& search) : search_(search) {
        files_.push_back({{program, ""}, {{folder_of(program.path), program.rpath, program.runpath}}});
        queue_.push_back(files_.begin());
    }

    void preload(const std::string& name) {
        if (const auto made = load(name, files_.begin(), "LD_PRELOAD", files_.end()); made != files_.end())
            queue_.push_back(made);
    }

    void load_all() {
        while (!queue_.empty()) {
            const Place user = queue_.front();
            queue_.pop_front();
            for (const std::string& name : user->loaded.file.auxiliary)
                add_auxiliary(name, user);
            for (const std::string& name : user->loaded.file.needed) {
                if (is_loaded(name) || files_.size() >= kMostFiles) continue;
                if (const auto made = load(name, user, "", files_.end()); made != files_.end()) queue_.push_back(made);
            }
        }
    }

    [[nodiscard]] LoadOrder take() && {
        for (Entry& entry : files_)
            order_.files.push_back(std::move(entry.loaded));
        return std::move(order_);
    }

  private:
    struct Entry {
        LoadedFile loaded;
        std::vector<Requester> requesters;  // this one, and who loaded it
    };
    using Place = std::list<Entry>::iterator;

    // Of two copies of a file the name decides, as it does there.
    [[nodiscard]] bool is_loaded(const std::string& name) const {
        return std::any_of(files_.begin(), files_.end(), [&](const Entry& entry) {
            const ElfFile& file = entry.loaded.file;
            return file.name == name || file.path == name || file_name_of(file.path) == name;
        });
    }

    // A library that is not there is none, and no mistake.
    void add_auxiliary(const std::string& name, Place user) {
        const auto known = std::find_if(files_.begin(), files_.end(),
                                        [&](const Entry& entry) { return entry.loaded.file.name == name; });
        if (known != files_.end()) {
            const bool is_behind =
                std::find_if(user, files_.end(), [&](const Entry& entry) { return &entry == &*known; }) != files_.end();
            if (is_behind) files_.splice(user, files_, known);
            return;
        }
        const std::size_t missing = order_.missing.size();
        if (const auto made = load(name, user, "", user); made != files_.end()) queue_.push_front(made);
        order_.missing.resize(missing);
    }

    // Puts it in front of `before`. The end if it cannot be loaded, which is noted.
    Place load(const std::string& name, Place user, const char* by, Place before) {
        const std::string user_path = *by == '\0' ? user->loaded.file.path : std::string(by);
        const auto found = search_.find(name, user->requesters);
        if (!found) {
            order_.missing.push_back({name, user_path, ""});
            return files_.end();
        }
        auto file = read_elf_file(found->path);
        if (!file) {
            order_.missing.push_back({name, user_path, file.error().text});
            return files_.end();
        }
        std::vector<Requester> requesters{{folder_of(found->path), file->rpath, file->runpath}};
        requesters.insert(requesters.end(), user->requesters.begin(), user->requesters.end());
        return files_.insert(before,
                             {{*std::move(file), *by == '\0' ? found->by : std::string(by)}, std::move(requesters)});
    }

    const LibrarySearch& search_;
    std::list<Entry> files_;
    std::deque<Place> queue_;
    LoadOrder order_;
};

}  // namespace

bool is_library(std::string_view file_name, std::string_view name) {
    return file_name.starts_with(name) && file_name.substr(name.size()).starts_with(".so");
}

const LoadedFile* LoadOrder::definer_of(std::string_view symbol) const {
    const auto found = std::find_if(files.begin(), files.end(),
                                    [&](const LoadedFile& loaded) { return loaded.file.defined.contains(symbol); });
    return found == files.end() ? nullptr : &*found;
}

const LoadedFile* LoadOrder::find(std::string_view name) const {
    const auto found = std::find_if(files.begin(), files.end(), [&](const LoadedFile& loaded) {
        return is_library(loaded.file.name, name) || is_library(file_name_of(loaded.file.path), name);
    });
    return found == files.end() ? nullptr : &*found;
}

bool LoadOrder::needs(std::string_view name) const {
    return std::any_of(files.begin(), files.end(), [&](const LoadedFile& loaded) {
        const auto& needed = loaded.file.needed;
        return std::any_of(needed.begin(), needed.end(), [&](const std::string& one) { return is_library(one, name); });
    });
}

LoadOrder load_order(const ElfFile& program, const std::vector<std::string>& preloaded, const LibrarySearch& search) {
    Loading loading(program, search);
    for (const std::string& name : preloaded)
        loading.preload(name);
    loading.load_all();
    return std::move(loading).take();
}

}  // namespace opennvsci::tool
